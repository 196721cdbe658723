// htmx and its CSP extension, in this order. The layout's meta element "htmx-config" names the extension; the server stamps
// hx-nonce on every element with an hx- attribute. Nothing is ever evaluated: no hx-on, no js: values, no trigger filters.
import "htmx.org/dist/htmx.js";
import "htmx.org/dist/ext/hx-csp.js";
