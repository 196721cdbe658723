/* Templates: what of the Mustache specification is kept, where a variable may stand, and what is stamped and filtered. */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "fmt/mustache.h"

typedef struct {
    const char *title;
    const char *data;      /* JSON */
    const char *text;
    const char *want;
    const char *parts[4];  /* name, text, name, text of further templates */
} Case;

static Templates *load(Cx *cx, const char *text, const char *const parts[4])
{
    Str pairs[3][2] = {{S("t"), str_c(text)}};
    size_t n = 1;
    for (size_t i = 0; parts != NULL && i < 4 && parts[i] != NULL; i += 2, n++) {
        pairs[n][0] = str_c(parts[i]);
        pairs[n][1] = str_c(parts[i + 1]);
    }
    return templates_from(cx, cx->mem, (const Str(*)[2])pairs, n);
}

/* The output, or "!" and what went wrong. */
static Str render(Cx *cx, Templates *t, const char *data)
{
    Str error;
    const Doc *doc = json_read(cx->mem, str_c(data), &error);
    if (doc == NULL) {
        return str_printf(cx->mem, "!%.*s", STRF(error));
    }
    Buf out = buf_new(cx->mem, 100000);
    if (!mustache_render(cx, t, S("t"), &doc, 1, &out)) {
        return str_printf(cx->mem, "!%.*s", STRF(cx->err_text));
    }
    return buf_str(&out);
}

static void run_cases(const Case *cases, size_t n)
{
    size_t wrong = 0;
    for (size_t i = 0; i < n; i++) {
        Arena *mem = arena_new(0);
        Cx cx;
        cx_init(&cx, mem);
        Templates *t = load(&cx, cases[i].text, cases[i].parts);
        Str got = t != NULL ? render(&cx, t, cases[i].data) : str_printf(mem, "!%.*s", STRF(cx.err_text));
        if (!str_eq(got, str_c(cases[i].want))) {
            print_error("%s\n  want [%s]\n  got  [%.*s]\n", cases[i].title, cases[i].want, STRF(got));
            wrong++;
        }
        arena_free(mem);
    }
    assert_int_equal(wrong, 0);
}

#define CASES(name) static void name(void **state) { (void)state; run_cases(name##_rows, ARRAY_LEN(name##_rows)); }

static const Case comments_rows[] = {
    {"a comment leaves nothing", "{}", "ab{{! gone }}cd", "abcd", {0}},
    {"a comment may span lines", "{}", "ab{{! one\ntwo }}cd", "abcd", {0}},
    {"a comment alone on its line takes the line with it", "{}", "a\n{{! gone }}\nb", "a\nb", {0}},
    {"so does an indented one", "{}", "a\n  {{! gone }}\t\nb", "a\nb", {0}},
    {"with CR LF too", "{}", "|\r\n{{! gone }}\r\n|", "|\r\n|", {0}},
    {"on the first line", "{}", "  {{! gone }}\nb", "b", {0}},
    {"on the last line without a line end", "{}", "a\n  {{! gone }}", "a\n", {0}},
    {"over several lines of its own", "{}", "a\n{{!\n x\n}}\nb", "a\nb", {0}},
    {"beside text it takes nothing", "{}", "  12 {{! 34 }}\n", "  12 \n", {0}},
    {"blanks round it stay", "{}", "1 {{! x }} 2", "1  2", {0}},
    {"what looks like a tag inside is not one", "{\"a\":1}", "{{! {{a }}b", "b", {0}},
};
CASES(comments)

static const Case delimiters_rows[] = {
    {"a pair of delimiters", "{\"a\":\"x\"}", "{{=<% %>=}}(<%a%>)", "(x)", {0}},
    {"special characters", "{\"a\":\"x\"}", "({{=[ ]=}}[a])", "(x)", {0}},
    {"and back", "{\"a\":\"x\"}", "{{=| |=}}|a|{{a}}|={{ }}=|{{a}}", "x{{a}}x", {0}},
    {"hold inside a section", "{\"s\":true,\"a\":\"x\"}", "{{#s}}{{=| |=}}|a||/s||a|", "xx", {0}},
    {"do not reach into partials", "{\"a\":\"x\"}", "{{=| |=}}[|>p|][|a|]", "[|a|x][x]", {"p", "|a|{{a}}"}},
    {"of a partial do not reach back", "{\"a\":\"x\"}", "[{{>p}}][{{a}}|a|]", "[x][x|a|]", {"p", "{{=| |=}}|a|"}},
    {"alone on a line leave nothing", "{}", "a\n  {{=@ @=}}\nb", "a\nb", {0}},
    {"with CR LF", "{}", "|\r\n{{= @ @ =}}\r\n|", "|\r\n|", {0}},
    {"blanks beside stay", "{}", "| {{=@ @=}} |", "|  |", {0}},
    {"padding inside is ignored", "{\"a\":\"x\"}", "|{{= @   @ =}}|@a@", "||x", {0}},
};
CASES(delimiters)

static const Case interpolation_rows[] = {
    {"text without tags is kept", "{}", "Hello from {Mustache}!\n", "Hello from {Mustache}!\n", {0}},
    {"a variable", "{\"a\":\"world\"}", "Hello, {{a}}!", "Hello, world!", {0}},
    {"is not read again as a template", "{\"a\":\"{{b}}\",\"b\":1}", "{{a}}", "{{b}}", {0}},
    {"is escaped", "{\"a\":\"& \\\" < > '\"}", "{{a}}", "&amp; &quot; &lt; &gt; &#39;", {0}},
    {"a number", "{\"a\":85,\"b\":-9223372036854775808}", "{{a}} {{b}}", "85 -9223372036854775808", {0}},
    {"a decimal as it was written", "{\"a\":1.210}", "{{a}}", "1.210", {0}},
    {"null prints nothing", "{\"a\":null}", "I ({{a}})", "I ()", {0}},
    {"an unknown name prints nothing", "{}", "I ({{a}})", "I ()", {0}},
    {"a bool prints its word", "{\"a\":true,\"b\":false}", "{{a}} {{b}}", "true false", {0}},
    {"lists and objects print nothing", "{\"a\":[1],\"b\":{\"c\":1}}", "({{a}}{{b}})", "()", {0}},
    {"dotted names", "{\"a\":{\"b\":{\"c\":\"x\"}}}", "{{a.b.c}}", "x", {0}},
    {"equal the sections they stand for", "{\"a\":{\"b\":\"x\"}}", "{{a.b}}={{#a}}{{b}}{{/a}}", "x=x", {0}},
    {"broken at the end", "{\"a\":{}}", "({{a.b.c}})", "()", {0}},
    {"broken in the middle do not fall back", "{\"a\":{\"b\":{}},\"c\":{\"d\":\"x\"}}", "({{a.b.c.d}})", "()", {0}},
    {"the first part is looked for in all contexts, the rest only there",
     "{\"a\":{\"b\":{}},\"b\":{\"c\":\"wrong\"}}", "{{#a}}({{b.c}}){{/a}}", "()", {0}},
    {"the first part may come from outside", "{\"a\":{\"x\":1},\"n\":{\"b\":{\"x\":\"y\"}}}", "{{#a}}{{n.b.x}}{{/a}}", "y", {0}},
    {"implicit iterator at the top", "\"world\"", "Hello, {{.}}!", "Hello, world!", {0}},
    {"blanks round it stay", "{\"a\":\"-\"}", "| {{a}} |\n  {{a}}\n", "| - |\n  -\n", {0}},
    {"padding inside is ignored", "{\"a\":\"-\"}", "|{{  a   }}|", "|-|", {0}},
    {"Chinese names", "{\"名称\":\"甲\"}", "{{名称}}", "甲", {0}},
};
CASES(interpolation)

static const Case sections_rows[] = {
    {"true prints", "{\"s\":true}", "{{#s}}x{{/s}}", "x", {0}},
    {"false does not", "{\"s\":false}", "({{#s}}x{{/s}})", "()", {0}},
    {"null does not", "{\"s\":null}", "({{#s}}x{{/s}})", "()", {0}},
    {"an unknown name does not", "{}", "({{#s}}x{{/s}})", "()", {0}},
    {"an empty text does not", "{\"s\":\"\"}", "({{#s}}x{{/s}})", "()", {0}},
    {"zero prints: it is a value", "{\"s\":0}", "{{#s}}x{{/s}}", "x", {0}},
    {"an object is the context", "{\"s\":{\"a\":\"Joe\"}}", "{{#s}}Hi {{a}}.{{/s}}", "Hi Joe.", {0}},
    {"outer names are seen", "{\"s\":{\"b\":1},\"a\":\"x\"}", "{{#s}}{{a}}{{b}}{{/s}}", "x1", {0}},
    {"an inner name hides the outer one", "{\"a\":\"x\",\"s\":{\"a\":\"y\"}}", "{{a}}{{#s}}{{a}}{{/s}}{{a}}", "xyx", {0}},
    {"an inner null hides it too", "{\"a\":\"x\",\"s\":{\"a\":null}}", "{{#s}}({{a}}){{/s}}", "()", {0}},
    {"a text is the context of its section", "{\"foo\":\"bar\"}", "{{#foo}}{{.}} is {{foo}}{{/foo}}", "bar is bar", {0}},
    {"deeply nested contexts", "{\"a\":{\"one\":1},\"b\":{\"two\":2},\"c\":{\"three\":3,\"d\":{\"four\":4}}}",
     "{{#a}}{{one}}{{#b}}{{one}}{{two}}{{#c.d}}{{one}}{{two}}{{four}}{{/c.d}}{{/b}}{{/a}}", "112124", {0}},
    {"a list repeats", "{\"l\":[{\"i\":1},{\"i\":2},{\"i\":3}]}", "{{#l}}{{i}},{{/l}}", "1,2,3,", {0}},
    {"an empty list does not", "{\"l\":[]}", "({{#l}}x{{/l}})", "()", {0}},
    {"implicit iterator over texts", "{\"l\":[\"a\",\"b\"]}", "{{#l}}({{.}}){{/l}}", "(a)(b)", {0}},
    {"implicit iterator over numbers", "{\"l\":[1,2]}", "{{#l}}({{.}}){{/l}}", "(1)(2)", {0}},
    {"lists in lists", "{\"l\":[[1,2],[\"a\"]]}", "{{#l}}({{#.}}{{.}}{{/.}}){{/l}}", "(12)(a)", {0}},
    {"a list at the top", "[{\"v\":\"a\"},{\"v\":\"b\"}]", "{{#.}}({{v}}){{/.}}", "(a)(b)", {0}},
    {"the same section twice", "{\"s\":true,\"t\":\"x\"}", "{{#s}}1{{/s}}{{t}}{{#s}}2{{/s}}", "1x2", {0}},
    {"the same name nested, true", "{\"s\":true}", "A{{#s}}B{{#s}}C{{/s}}D{{/s}}E", "ABCDE", {0}},
    {"the same name nested, false", "{\"s\":false}", "A{{#s}}B{{#s}}C{{/s}}D{{/s}}E", "AE", {0}},
    {"dotted names", "{\"a\":{\"b\":{\"c\":true}}}", "{{#a.b.c}}x{{/a.b.c}}", "x", {0}},
    {"broken dotted names", "{\"a\":{}}", "({{#a.b.c}}x{{/a.b.c}})", "()", {0}},
    {"blanks round stay", "{\"s\":true}", " | {{#s}}\t|\t{{/s}} | \n", " | \t|\t | \n", {0}},
    {"a line with two tags stays", "{\"s\":true}", " {{#s}}Y{{/s}}\n {{#s}}G{{/s}}\n", " Y\n G\n", {0}},
    {"lines of their own vanish", "{\"s\":true}", "| This\n{{#s}}\n|\n{{/s}}\n| end", "| This\n|\n| end", {0}},
    {"indented too", "{\"s\":true}", "|\n  {{#s}}\n|\n  {{/s}}\n|", "|\n|\n|", {0}},
    {"with CR LF", "{\"s\":true}", "|\r\n{{#s}}\r\n{{/s}}\r\n|", "|\r\n|", {0}},
    {"at the start and the end of the text", "{\"s\":true}", "  {{#s}}\nx\n  {{/s}}", "x\n", {0}},
    {"padding inside is ignored", "{\"s\":true}", "|{{# s }}={{/ s }}|", "|=|", {0}},
    {"inverted: false prints", "{\"s\":false}", "{{^s}}x{{/s}}", "x", {0}},
    {"inverted: true does not", "{\"s\":true}", "({{^s}}x{{/s}})", "()", {0}},
    {"inverted: null, unknown and empty print", "{\"s\":null,\"l\":[],\"e\":\"\"}", "{{^s}}1{{/s}}{{^u}}2{{/u}}{{^l}}3{{/l}}{{^e}}4{{/e}}",
     "1234", {0}},
    {"inverted: objects and lists do not", "{\"o\":{},\"l\":[0]}", "({{^o}}1{{/o}}{{^l}}2{{/l}})", "()", {0}},
    {"inverted: nested", "{\"s\":false}", "A{{^s}}B{{^s}}C{{/s}}D{{/s}}E", "ABCDE", {0}},
    {"inverted: dotted names", "{\"a\":{\"b\":false}}", "{{^a.b}}1{{/a.b}}{{^a.c}}2{{/a.c}}", "12", {0}},
    {"inverted: lines of their own vanish", "{\"s\":false}", "|\n {{^s}}\n|\n {{/s}}\n|", "|\n|\n|", {0}},
};
CASES(sections)

static const Case partials_rows[] = {
    {"a partial", "{}", "[{{>p}}]", "[from partial]", {"p", "from partial"}},
    {"sees the context", "{\"a\":\"x\"}", "{{>p}}", "*x*", {"p", "*{{a}}*"}},
    {"may call itself", "{\"c\":\"X\",\"n\":[{\"c\":\"Y\",\"n\":[]}]}", "{{>p}}", "X(Y())", {"p", "{{c}}({{#n}}{{>p}}{{/n}})"}},
    {"may be nested", "{\"a\":\"x\"}", "{{>p}}", "*x!*", {"p", "*{{>q}}*", "q", "{{a}}!"}},
    {"blanks round stay", "{}", "| {{>p}} |", "| \t|\t |", {"p", "\t|\t"}},
    {"inside a line it is not indented", "{\"a\":\"|\"}", "  {{a}}  {{>p}}\n", "  |  >\n>\n", {"p", ">\n>"}},
    {"alone on its line its line end goes", "{}", "|\r\n{{>p}}\r\n|", "|\r\n>|", {"p", ">"}},
    {"alone on its line each line is indented", "{\"a\":\"1\\n2\"}", "\\\n {{>p}}\n/\n", "\\\n |\n 1\n2\n |\n/\n",
     {"p", "|\n{{a}}\n|\n"}},
    {"indentations add up", "{}", " {{>p}}\n.", " a\n   b\n   c\n d\n.", {"p", "a\n  {{>q}}\nd\n", "q", "b\nc\n"}},
    {"an inline partial in an indented one", "{}", " {{>p}}\n", " (b\nc)\n d\n", {"p", "({{>q}})\nd\n", "q", "b\nc"}},
    {"sections of an indented one", "{\"l\":[1,2]}", "  {{>p}}\n", "  <ul>\n  1\n  2\n  </ul>\n", {"p", "<ul>\n{{#l}}\n{{.}}\n{{/l}}\n</ul>\n"}},
    {"without a line end at its end", "{}", " {{>p}}\n>", " a>", {"p", "a"}},
    {"padding inside is ignored", "{}", "|{{> p }}|", "|[]|", {"p", "[]"}},
    {"names with folders", "{}", "{{>part/x}}", "X", {"part/x", "X"}},
};
CASES(partials)

static const Case inheritance_rows[] = {
    {"a block prints its default", "{\"a\":\"x\"}", "{{$t}}Default {{a}}{{/t}}", "Default x", {0}},
    {"a parent without blocks of ours", "{}", "{{<p}}{{/p}}", "[default]", {"p", "[{{$t}}default{{/t}}]"}},
    {"a block overrides", "{}", "{{<p}}{{$t}}ours{{/t}}{{/p}}", "[ours]", {"p", "[{{$t}}default{{/t}}]"}},
    {"an empty one too", "{}", "{{<p}}{{$t}}{{/t}}{{/p}}", "[]", {"p", "[{{$t}}default{{/t}}]"}},
    {"only one of two", "{}", "{{<p}}{{$b}}B{{/b}}{{/p}}", "aB", {"p", "{{$a}}a{{/a}}{{$b}}b{{/b}}"}},
    {"the same block twice in the parent", "{}", "{{<p}}{{$a}}A{{/a}}{{/p}}", "AA", {"p", "{{$a}}1{{/a}}{{$a}}2{{/a}}"}},
    {"two parents", "{}", "{{<p}}{{$a}}1{{/a}}{{/p}}{{<p}}{{$a}}2{{/a}}{{/p}}", "|1||2|", {"p", "|{{$a}}x{{/a}}|"}},
    {"text beside the blocks is ignored", "{}", "{{<p}} x {{$a}}A{{/a}} y {{! z }}{{/p}}", "A", {"p", "{{$a}}{{/a}}"}},
    {"ours runs in the context of its place", "{\"f\":\"apples\",\"n\":{\"f\":\"bananas\"}}", "{{<p}}{{$b}}I say {{f}}.{{/b}}{{/p}}",
     "I say bananas.", {"p", "{{#n}}{{$b}}{{/b}}{{/n}}"}},
    {"over two levels the outermost wins", "{}", "{{<p}}{{$a}}c{{/a}}{{/p}}", "c",
     {"p", "{{<g}}{{$a}}p{{/a}}{{/g}}", "g", "{{$a}}g{{/a}}"}},
    {"over two levels the middle one fills in", "{}", "{{<p}}{{/p}}", "p", {"p", "{{<g}}{{$a}}p{{/a}}{{/g}}", "g", "{{$a}}g{{/a}}"}},
    {"a block of the middle one's block", "{}", "{{<p}}{{$in}}c{{/in}}{{/p}}", "(c)",
     {"p", "{{<g}}{{$a}}({{$in}}p{{/in}}){{/a}}{{/g}}", "g", "{{$a}}g{{/a}}"}},
    {"templates that use each other", "{}", "{{<p}}{{$foo}}override{{/foo}}{{/p}}", "override override override stop",
     {"p", "{{$foo}}default{{/foo}} {{$bar}}{{<q}}{{/q}}{{/bar}}", "q", "{{$foo}}q default{{/foo}} {{<p}}{{$bar}}stop{{/bar}}{{/p}}"}},
    {"blocks of a parent used inside ours are its own", "{}", "{{<p}}{{$t}}P{{/t}}{{$b}}{{<c}}{{$t}}C{{/t}}{{/c}}{{/b}}{{/p}}", "P:(C)",
     {"p", "{{$t}}{{/t}}:{{$b}}{{/b}}", "c", "({{$t}}{{/t}})"}},
    {"alone on its line a parent is indented", "{}", "Hi,\n  {{<p}}{{/p}}\n.", "Hi,\n  one\n  two\n.", {"p", "one\ntwo\n"}},
    {"blocks on lines of their own", "{}", "{{<p}}\n{{$a}}\nx\n{{/a}}\n{{/p}}\n", "(x\n)", {"p", "({{$a}}{{/a}})"}},
    {"a block in an attribute value takes text", "{\"v\":\"a\\\"b\"}", "{{<p}}{{$c}}wide {{v}}{{/c}}{{/p}}", "<p class=\"wide a&quot;b\">",
     {"p", "<p class=\"{{$c}}{{/c}}\">"}},
};
CASES(inheritance)

#define T "!模板有 1 处错误：\nt.mustache:"
static const Case refusals_rows[] = {
    {"three braces", "{}", "ab {{{x}}}", T "1:4: 不能用三个花括号：输出总是转义的", {0}},
    {"&", "{}", "\n{{&x}}", T "2:1: 不能用 &：输出总是转义的", {0}},
    {"a section that stays open", "{}", "{{#a}}", T "1:1: 区段没有结束：a", {0}},
    {"a section closed by another name", "{}", "{{#a}}\n{{/b}}", T "2:1: 结束标记 b 与第 1 行的开始标记 a 不对应", {0}},
    {"an end without a start", "{}", "{{/a}}", T "1:1: 没有与之对应的开始标记：a", {0}},
    {"a tag that stays open", "{}", "a {{b", T "1:3: 标记没有结束", {0}},
    {"an empty name", "{}", "{{ }}", T "1:1: 名称写法不对", {0}},
    {"a name with a blank", "{}", "{{a b}}", T "1:1: 名称写法不对：a b", {0}},
    {"bad delimiters", "{}", "{{=x=}}", T "1:1: 分隔符写法不对：x", {0}},
    {"an unknown partial", "{}", "{{>p}}", T "1:1: 没有名为 p 的模板", {0}},
    {"a partial's name that climbs out", "{}", "{{>../p}}", T "1:1: 名称写法不对：../p", {0}},
    {"a block the parent does not have", "{}", "{{<p}}{{$x}}{{/x}}{{/p}}", T "1:7: p 里没有名为 x 的块", {"p", "{{$y}}{{/y}}"}},
    {"something else than a block in a parent", "{}", "{{<p}}{{x}}{{/p}}", T "1:7: 布局里面只能写块：x", {"p", ""}},
    {"markup for a block in an attribute value", "{}", "{{<p}}{{$c}}<b>{{/c}}{{/p}}",
     T "1:7: 块 c 的位置只能放文字，不能有标签和引号", {"p", "<p class='{{$c}}{{/c}}'>"}},
    {"all errors of all templates come together", "{}", "<i style='{{a}}' {{b}}>",
     "!模板有 3 处错误：\nt.mustache:1:11: style 属性里不能用变量（请用类名、SVG 属性、progress 或 meter）：a\n"
     "t.mustache:1:18: 标签名和属性名不能用变量：b\np.mustache:1:1: 名称写法不对：a,b", {"p", "{{a,b}}"}},
};
CASES(refusals)

#define VAR(col, why) T "1:" col ": " why "：v"
static const Case places_rows[] = {
    {"text", "{\"v\":\"<b>\"}", "<p>{{v}}</p>", "<p>&lt;b&gt;</p>", {0}},
    {"double-quoted value", "{\"v\":\"a\\\"b\"}", "<p title=\"x {{v}}\">", "<p title=\"x a&quot;b\">", {0}},
    {"single-quoted value", "{\"v\":\"a'b\"}", "<p title='{{v}}'>", "<p title='a&#39;b'>", {0}},
    {"title and textarea", "{\"v\":\"</title>\"}", "<title>{{v}}</title><textarea>{{v}}</textarea>{{v}}",
     "<title>&lt;/title&gt;</title><textarea>&lt;/title&gt;</textarea>&lt;/title&gt;", {0}},
    {"svg presentation attributes", "{\"v\":12}", "<svg><rect width=\"{{v}}\" fill='{{v}}'/></svg>",
     "<svg><rect width=\"12\" fill='12'/></svg>", {0}},
    {"a section round elements", "{\"s\":[{\"v\":1},{\"v\":2}]}", "<ul>{{#s}}<li>{{v}}</li>{{/s}}</ul>", "<ul><li>1</li><li>2</li></ul>", {0}},
    {"a section round an attribute", "{\"s\":true,\"v\":\"x\"}", "<option value=\"{{v}}\"{{#s}} selected{{/s}}>", "<option value=\"x\" selected>", {0}},
    {"a section round an attribute with a value", "{\"s\":true,\"v\":\"x\"}", "<a{{#s}} href=\"/{{v}}\"{{/s}} id=\"{{v}}\">{{v}}",
     "<a href=\"/x\" id=\"x\">x", {0}},
    {"sections side by side in a tag", "{\"s\":true,\"v\":\"x\"}", "<input {{#s}}checked{{/s}} {{^s}}disabled{{/s}} name=\"{{v}}\">",
     "<input checked  name=\"x\">", {0}},
    {"sections inside a value", "{\"s\":true,\"v\":\"x\"}", "<p class=\"a{{#s}} b-{{v}}{{/s}}\">", "<p class=\"a b-x\">", {0}},
    {"after a comment", "{\"v\":\"x\"}", "<!-- a > b -- c -->{{v}}", "<!-- a > b -- c -->x", {0}},
    {"after a script", "{\"v\":\"x\"}", "<script>if (a</b/) '</scrip>'</SCRIPT >{{v}}", "<script>if (a</b/) '</scrip>'</SCRIPT >x", {0}},
    {"after the doctype", "{\"v\":\"x\"}", "<!DOCTYPE html>{{v}}", "<!DOCTYPE html>x", {0}},
    {"a lone < is text", "{\"v\":\"x\"}", "1 < 2 {{v}}", "1 < 2 x", {0}},
    {"not in a script", "{}", "<script>{{v}}</script>", VAR("9", "script、style 等元素里不能用变量"), {0}},
    {"not in a style element", "{}", "<style>{{v}}</style>", VAR("8", "script、style 等元素里不能用变量"), {0}},
    {"not in an iframe", "{}", "<iframe>{{v}}</iframe>", VAR("9", "script、style 等元素里不能用变量"), {0}},
    {"not in a style attribute", "{}", "<p style=\"width:{{v}}px\">", VAR("17", "style 属性里不能用变量（请用类名、SVG 属性、progress 或 meter）"), {0}},
    {"not in an event handler", "{}", "<p onclick=\"f('{{v}}')\">", VAR("16", "这个属性会被当作脚本或结构执行，不能用变量（请用地址参数或隐藏域传值）"), {0}},
    {"whatever its letters' case", "{}", "<p OnClick=\"{{v}}\">", VAR("13", "这个属性会被当作脚本或结构执行，不能用变量（请用地址参数或隐藏域传值）"), {0}},
    {"not in hx-on", "{}", "<p hx-on:click='{{v}}'>", VAR("17", "这个属性会被当作脚本或结构执行，不能用变量（请用地址参数或隐藏域传值）"), {0}},
    {"not in hx-vals, which may be script", "{}", "<p data-hx-vals='{{v}}'>", VAR("18", "这个属性会被当作脚本或结构执行，不能用变量（请用地址参数或隐藏域传值）"), {0}},
    {"not in srcdoc", "{}", "<p srcdoc='{{v}}'>", VAR("12", "这个属性会被当作脚本或结构执行，不能用变量（请用地址参数或隐藏域传值）"), {0}},
    {"not at the start of hx-confirm, where js: runs", "{}", "<p hx-confirm='{{v}}'>", VAR("16", "这个属性的值须以固定文字开头"), {0}},
    {"not behind a section at the start of hx-confirm", "{}", "<p hx-confirm='{{#s}}x{{/s}}{{v}}'>", VAR("29", "这个属性的值须以固定文字开头"), {0}},
    {"but later in hx-confirm", "{\"v\":\"x\",\"nonce\":\"N\"}", "<p hx-confirm='删除{{v}}？'>", "<p hx-confirm='删除x？' hx-nonce=\"N\">", {0}},
    {"not unquoted", "{}", "<p class={{v}}>", VAR("10", "含变量的属性值须加引号"), {0}},
    {"not unquoted, later", "{}", "<p class=a{{v}}>", VAR("11", "含变量的属性值须加引号"), {0}},
    {"not as a tag name", "{}", "<{{v}}>", VAR("2", "变量不能紧跟在 < 后面"), {0}},
    {"not as part of a tag name", "{}", "<h{{v}}>", VAR("3", "标签名和属性名不能用变量"), {0}},
    {"not as an attribute", "{}", "<p {{v}}>", VAR("4", "标签名和属性名不能用变量"), {0}},
    {"not as part of an attribute name", "{}", "<p data-{{v}}=\"1\">", VAR("9", "标签名和属性名不能用变量"), {0}},
    {"not in a comment", "{}", "<!-- {{v}} -->", VAR("6", "HTML 注释和声明里不能用变量"), {0}},
    {"not in a declaration", "{}", "<!DOCTYPE {{v}}>", VAR("11", "HTML 注释和声明里不能用变量"), {0}},
    {"not where a section made up the attribute", "{}", "<p {{#s}}onclick{{/s}}=\"{{v}}\">", VAR("25", "属性名由区段拼成，其值不能用变量"), {0}},
    {"nor with blanks between", "{}", "<p {{#s}}onclick{{/s}} = \"{{v}}\">", VAR("27", "属性名由区段拼成，其值不能用变量"), {0}},
    {"nor where it began the name", "{}", "<p {{#s}}on{{/s}}click=\"{{v}}\">", VAR("25", "属性名由区段拼成，其值不能用变量"), {0}},
    {"nor in what animates svg", "{}", "<set attributeName='href' to='{{v}}'/>", VAR("31", "属性名由区段拼成，其值不能用变量"), {0}},
    {"a section must not cut a tag's name", "{}", "<scr{{#s}}ipt{{/s}}>", T "1:11: 标签名不能被区段切开", {0}},
    {"a section must end in the place it began", "{}", "{{#s}}<p class=\"{{/s}}", T "1:17: 区段的内容须回到它开始的位置（标签或引号没有写完）：s", {0}},
    {"inside the same element", "{}", "{{#s}}<script>{{/s}}", T "1:15: 区段的内容须回到它开始的位置（标签或引号没有写完）：s", {0}},
    {"and in the same value", "{}", "<p a=\"{{#s}}\" b=\"{{/s}}\">", T "1:18: 区段的内容须回到它开始的位置（标签或引号没有写完）：s", {0}},
    {"not in an unquoted value", "{}", "<p a=x{{#s}}y{{/s}}>", T "1:7: 区段不能从没有引号的属性值里开始或结束：s", {0}},
    {"a template must end in text", "{}", "<p class=\"", T "1:11: 模板在标签、引号或 script 等元素里就结束了", {0}},
    {"partials stand in text only", "{}", "<p {{>p}}>", T "1:4: 部件和布局只能放在文本里，不能放在标签里：p", {"p", ""}},
    {"a script must not open a comment", "{}", "<script><!-- </script>", T "1:12: script 和 style 里不能写 <!--", {0}},
    {"an attribute must have a name", "{}", "<p =\"x\">", T "1:4: 等号前面没有属性名", {0}},
    {"quotes must be in order", "{}", "<p class=\"a\"b\">", T "1:14: 标签里有多余的引号或小于号", {0}},
};
CASES(places)

#define HREF(v, want) {v, "{\"u\":\"" v "\"}", "<a href=\"{{u}}\">", "<a href=\"" want "\">", {0}}
static const Case urls_rows[] = {
    HREF("/r/1?a=b&c=d#x:y", "/r/1?a=b&amp;c=d#x:y"),
    HREF("", ""),
    HREF("a/b:c", "a/b:c"),
    HREF("?q=a:b", "?q=a:b"),
    HREF("#top", "#top"),
    HREF("/", "/"),
    HREF("https://a.example/x", "https://a.example/x"),
    HREF("HTTP://a.example", "HTTP://a.example"),
    HREF("mailto:a@b.example", "mailto:a@b.example"),
    HREF("tel:12333", "tel:12333"),
    HREF("javascript:alert(1)", "#"),
    HREF("JavaScript:alert(1)", "#"),
    HREF(" javascript:alert(1)", "#"),
    HREF("java\\nscript:alert(1)", "#"),
    HREF("\\u0001javascript:alert(1)", "#"),
    HREF("js:alert(1)", "#"),
    HREF("data:text/html,x", "#"),
    HREF("vbscript:x", "#"),
    HREF(":x", "#"),
    HREF("//evil.example", "#"),
    HREF("/\\\\evil.example", "#"),
    HREF("\\\\\\\\evil.example", "#"),
    HREF("/\\t/evil.example", "#"),
    HREF("http:evil.example", "#"),
    {"text before the variable decides", "{\"t\":\"x\",\"i\":1}", "<a href='/r/{{t}}/{{i}}'>", "<a href='/r/x/1'>", {0}},
    {"unless the variable still could", "{\"t\":\"/evil\"}", "<a href='/{{t}}'>", "<a href='#'>", {0}},
    {"two variables are judged together", "{\"a\":\"java\",\"b\":\"script:x\"}", "<a href='{{a}}{{b}}'>", "<a href='#'>", {0}},
    {"a scheme half fixed", "{\"a\":\"script:x\"}", "<a href='java{{a}}'>", "<a href='#'>", {0}},
    {"sections in a URL", "{\"a\":\"/x\",\"q\":\"1:2\"}", "<a href=\"{{a}}{{#q}}?q={{q}}{{/q}}\">{{a}}", "<a href=\"/x?q=1:2\">/x", {0}},
    {"a scheme in a section", "{\"s\":true,\"q\":\"x\"}", "<a href=\"{{#s}}javascript:{{/s}}{{q}}\">", "<a href=\"#\">", {0}},
    {"a fixed scheme that is allowed", "{\"a\":\"12333\"}", "<a href='tel:{{a}}'><img src='data:image/png;base64,{{a}}'>",
     "<a href='tel:12333'><img src='data:image/png;base64,12333'>", {0}},
    {"a fixed scheme that is not", "{}", "<a href='javascript:f({{v}})'>", T "1:10: 这里的地址不能用这种协议：javascript:f(", {0}},
    {"even without variables", "{}", "<a href='javascript:f()'>", T "1:24: 这里的地址不能用这种协议", {0}},
    {"all URL attributes", "{\"u\":\"js:x\",\"nonce\":\"N\"}", "<form action='{{u}}' hx-post='{{u}}' DATA-HX-GET='{{u}}'><b formaction='{{u}}' src='{{u}}'/>",
     "<form action='#' hx-post='#' DATA-HX-GET='#' hx-nonce=\"N\"><b formaction='#' src='#' hx-nonce=\"N\"/>", {0}},
    {"a refused URL leaves what stands around it", "{\"u\":\"js:x\",\"v\":\"y\"}", "<a id='{{v}}' href='{{u}}' class='{{v}}'>{{v}}</a>",
     "<a id='y' href='#' class='y'>y</a>", {0}},
};
CASES(urls)

static const Case nonces_rows[] = {
    {"an element with an hx attribute", "{\"nonce\":\"N\"}", "<a hx-get=\"/x\">y</a>", "<a hx-get=\"/x\" hx-nonce=\"N\">y</a>", {0}},
    {"only that one", "{\"nonce\":\"N\"}", "<p><i hx-boost=true><b>", "<p><i hx-boost=true hx-nonce=\"N\"><b>", {0}},
    {"without a value", "{\"nonce\":\"N\"}", "<i hx-preserve>", "<i hx-preserve hx-nonce=\"N\">", {0}},
    {"before the slash of an empty element", "{\"nonce\":\"N\"}", "<input hx-get='/x'/>", "<input hx-get='/x' hx-nonce=\"N\"/>", {0}},
    {"when a section holds the attribute", "{\"nonce\":\"N\",\"s\":true}", "<a{{#s}} hx-get='/x'{{/s}}>", "<a hx-get='/x' hx-nonce=\"N\">", {0}},
    {"inherited ones", "{\"nonce\":\"N\"}", "<body hx-boost:inherited=\"true\">", "<body hx-boost:inherited=\"true\" hx-nonce=\"N\">", {0}},
    {"an author's own is not doubled", "{\"nonce\":\"N\"}", "<a hx-get='/x' hx-nonce='z'>", "<a hx-get='/x' hx-nonce='z'>", {0}},
    {"it is the page's, not a record's", "{\"nonce\":\"N\",\"r\":{\"nonce\":\"evil\"}}", "{{#r}}<a hx-get='/x'>{{/r}}", "<a hx-get='/x' hx-nonce=\"N\">", {0}},
    {"it is escaped", "{\"nonce\":\"\\\"\"}", "<a hx-get='/x'>", "<a hx-get='/x' hx-nonce=\"&quot;\">", {0}},
    {"hx- in a value or in text is nothing", "{\"nonce\":\"N\"}", "<a title='hx-get='>hx-get=</a>", "<a title='hx-get='>hx-get=</a>", {0}},
    {"in an overriding block", "{\"nonce\":\"N\"}", "{{<p}}{{$b}}<a hx-get='/x'>{{/b}}{{/p}}", "<a hx-get='/x' hx-nonce=\"N\">", {"p", "{{$b}}{{/b}}"}},
};
CASES(nonces)

static Str strict(Cx *cx, const char *text, const char *data)
{
    Templates *t = load(cx, text, NULL);
    assert_non_null(t);
    templates_strict(t, true);
    cx_clear(cx);
    return render(cx, t, data);
}

static void strict_mode_refuses_unknown_names(void **state)
{
    Cx cx;
    cx_init(&cx, *state);
    assert_text(strict(&cx, "{{a}}", "{\"a\":1}"), "1");
    assert_text(strict(&cx, "\n {{b}}", "{\"a\":1}"), "!模板 t 第 2 行第 2 列：没有名为 b 的数据");
    assert_int_equal(cx.err, E_INTERNAL);
    assert_text(strict(&cx, "{{#b}}{{/b}}", "{}"), "!模板 t 第 1 行第 1 列：没有名为 b 的数据");
    assert_text(strict(&cx, "{{^b}}{{/b}}", "{}"), "!模板 t 第 1 行第 1 列：没有名为 b 的数据");
    assert_text(strict(&cx, "{{a.b}}", "{\"a\":{}}"), "!模板 t 第 1 行第 1 列：没有名为 a.b 的数据");
    assert_text(strict(&cx, "{{a.b}}{{^a}}-{{/a}}", "{\"a\":null}"), "-");
    assert_text(strict(&cx, "{{#l}}{{.}}{{/l}}", "{\"l\":[null,1]}"), "1");
    assert_text(strict(&cx, "<a hx-get='/'>", "{}"), "!模板 t 第 1 行第 14 列：没有名为 nonce 的数据");
}

static void typed_leaves_print_what_people_read(void **state)
{
    Cx cx;
    cx_init(&cx, *state);
    Templates *t = load(&cx, "{{d}}|{{m}}|{{c}}|{{#c}}{{.}}{{/c}}|{{i}}", NULL);
    Doc *o = doc_obj(cx.mem);
    doc_set_date(o, "d", 19844);
    doc_set_money(o, "m", 120000);
    doc_set_shown(o, "c", S("ok"), S("<认定>"));
    doc_set_id(o, "i", 5);
    const Doc *stack[] = {o};
    Buf out = buf_new(cx.mem, 1000);
    assert_true(mustache_render(&cx, t, S("t"), stack, 1, &out));
    assert_text(buf_str(&out), "2024年5月1日|¥1,200.00|&lt;认定&gt;|&lt;认定&gt;|5");
}

static void inner_objects_of_the_stack_come_first(void **state)
{
    Cx cx;
    cx_init(&cx, *state);
    Templates *t = load(&cx, "{{a}}{{b}}", NULL);
    Doc *outer = doc_obj(cx.mem), *inner = doc_obj(cx.mem);
    doc_set_int(outer, "a", 1);
    doc_set_int(outer, "b", 2);
    doc_set_int(inner, "b", 3);
    const Doc *stack[] = {outer, inner};
    Buf out = buf_new(cx.mem, 1000);
    assert_true(mustache_render(&cx, t, S("t"), stack, 2, &out));
    assert_text(buf_str(&out), "13");
    assert_false(mustache_render(&cx, t, S("none"), stack, 2, &out));
    assert_int_equal(cx.err, E_INTERNAL);
}

static void endless_and_huge_output_is_stopped(void **state)
{
    static const char *const PARTS[] = {"p", "{{>p}}", NULL, NULL}, *const TWINS[] = {"p", "{{#l}}{{>p}}{{/l}}", NULL, NULL};
    Cx cx;
    cx_init(&cx, *state);
    assert_text(render(&cx, load(&cx, "{{>p}}", PARTS), "{}"), "!模板 p：嵌套太深或者展开太多");
    cx_clear(&cx);
    assert_text(render(&cx, load(&cx, "{{>p}}", TWINS), "{\"l\":[1,2]}"), "!模板 p：嵌套太深或者展开太多");
    cx_clear(&cx);
    Templates *t = load(&cx, "{{#l}}0123456789{{/l}}", NULL);
    Str error;
    const Doc *d = json_read(cx.mem, S("{\"l\":[1,2,3]}"), &error);
    Buf out = buf_new(cx.mem, 25);
    assert_false(mustache_render(&cx, t, S("t"), &d, 1, &out));
    assert_text(cx.err_text, "模板 t：页面太大");
}

static void put_file(Cx *cx, const char *dir, const char *name, const char *text)
{
    FILE *f = fopen(str_printf(cx->mem, "%s/%s", dir, name).p, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static void a_folder_of_templates_is_loaded(void **state)
{
    Cx cx;
    cx_init(&cx, *state);
    char dir[] = "mustache_test_XXXXXX";
    assert_non_null(mkdtemp(dir));
    assert_int_equal(mkdir(str_printf(cx.mem, "%s/part", dir).p, 0700), 0);
    put_file(&cx, dir, "list.mustache", "[{{>part/row}}]");
    put_file(&cx, dir, "part/row.mustache", "{{a}}");
    put_file(&cx, dir, "readme.txt", "{{{");
    put_file(&cx, dir, ".hidden.mustache", "{{{");
    Templates *t = templates_load(&cx, cx.mem, dir);
    assert_non_null(t);
    assert_true(templates_has(t, S("part/row")));
    assert_false(templates_has(t, S(".hidden")));
    Str error;
    const Doc *d = json_read(cx.mem, S("{\"a\":7}"), &error);
    Buf out = buf_new(cx.mem, 100);
    assert_true(mustache_render(&cx, t, S("list"), &d, 1, &out));
    assert_text(buf_str(&out), "[7]");
    put_file(&cx, dir, "part/bad.mustache", "\n{{&a}}");
    assert_null(templates_load(&cx, cx.mem, dir));
    assert_int_equal(cx.err, E_PACK);
    assert_text(cx.err_text, "模板有 1 处错误：\npart/bad.mustache:2:1: 不能用 &：输出总是转义的");
    cx_clear(&cx);
    static const char *const ALL[] = {"list.mustache", "part/row.mustache", "part/bad.mustache", "readme.txt", ".hidden.mustache"};
    for (size_t i = 0; i < ARRAY_LEN(ALL); i++) {
        unlink(str_printf(cx.mem, "%s/%s", dir, ALL[i]).p);
    }
    rmdir(str_printf(cx.mem, "%s/part", dir).p);
    rmdir(dir);
    assert_null(templates_load(&cx, cx.mem, dir));
}

/* A list page of 50 rows and 10 cells, about 26 kB. Prints the time; fails only when it is wildly off. */
static void a_list_page_is_rendered_fast(void **state)
{
    Cx cx;
    cx_init(&cx, *state);
    Templates *t = load(&cx,
                        "{{#rows}}\n<tr class=\"row\">\n<td><a href=\"/r/{{id}}\" hx-get=\"/r/{{id}}\">{{name}}</a></td>\n<td class=\"text-end\">{{c1}}</td>\n"
                        "<td class=\"text-end\">{{c2}}</td>\n<td class=\"text-end\">{{c3}}</td>\n<td class=\"text-end\">{{c4}}</td>\n"
                        "<td class=\"text-end\">{{c5}}</td>\n<td class=\"text-end\">{{c6}}</td>\n<td>{{c7}}</td>\n<td>{{c8.text}}</td>\n</tr>\n{{/rows}}\n", NULL);
    assert_non_null(t);
    Doc *o = doc_obj(cx.mem), *rows = doc_set_list(o, "rows");
    doc_set_strc(o, "nonce", "abcdefabcdef");
    for (int i = 0; i < 50; i++) {
        static const char *const C[] = {"c1", "c2", "c3", "c4", "c5", "c6", "c7"};
        Doc *r = doc_add_obj(rows);
        doc_set_id(r, "id", 123456789012345 + i);
        doc_set_strc(r, "name", "乌兰察布厨师劳务");
        for (size_t k = 0; k < ARRAY_LEN(C); k++) {
            doc_set_strc(r, C[k], "甲乙丙 0123456789");
        }
        doc_set_strc(doc_set_obj(r, "c8"), "text", "已认定");
    }
    const Doc *stack[] = {o};
    int64_t best = INT64_MAX;
    size_t size = 0;
    for (int turn = 0; turn < 50; turn++) {
        ArenaMark mark = arena_mark(cx.mem);
        int64_t start = clock_mono_us();
        for (int k = 0; k < 4; k++) {
            Buf out = buf_new(cx.mem, 1 << 20);
            assert_true(mustache_render(&cx, t, S("t"), stack, 1, &out));
            size = out.n;
        }
        best = MIN(best, (clock_mono_us() - start) / 4);
        arena_release(cx.mem, mark);
    }
    print_message("list page: %zu bytes in %lld us\n", size, (long long)best);
    assert_true(size > 20000);
    assert_true(best < 5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comments),
        cmocka_unit_test(delimiters),
        cmocka_unit_test(interpolation),
        cmocka_unit_test(sections),
        cmocka_unit_test(partials),
        cmocka_unit_test(inheritance),
        cmocka_unit_test(refusals),
        cmocka_unit_test(places),
        cmocka_unit_test(urls),
        cmocka_unit_test(nonces),
        TEST(strict_mode_refuses_unknown_names),
        TEST(typed_leaves_print_what_people_read),
        TEST(inner_objects_of_the_stack_come_first),
        TEST(endless_and_huge_output_is_stopped),
        TEST(a_folder_of_templates_is_loaded),
        TEST(a_list_page_is_rendered_fast),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
