/*
 * tables.c - the route tables of this module. A page is a row here, a function and a template.
 */
#include "page/internal.h"

#define LIST_PARAMS "q:string,state:string,order:string,page:int,size:int,cursor:string,todo:bool,facets:bool"

const Route ROUTES_CORE[] = {
    {"GET", "/", home_page, AUTH_PUBLIC, NULL, "Front door: the public's first page, or the desk", NULL, 0},
    {"GET", "/login", login_page, AUTH_PUBLIC, "core/login", "Sign-in form", "next:string", 0},
    {"POST", "/login", login_post, AUTH_PUBLIC, "core/login", "Sign in", NULL, ROUTE_NO_CSRF},
    {"POST", "/logout", logout_post, AUTH_PUBLIC, NULL, "Sign out", NULL, 0},
    {"GET", "/sign-in", login_page, AUTH_PUBLIC, "core/login", "Sign-in form", "next:string", 0},
    {"POST", "/sign-in", login_post, AUTH_PUBLIC, "core/login", "Sign in", NULL, ROUTE_NO_CSRF},
    {"POST", "/sign-out", logout_post, AUTH_PUBLIC, NULL, "Sign out", NULL, 0},
    {"POST", "/view", view_post, AUTH_PUBLIC, NULL, "Large print and high contrast, on or off", NULL, ROUTE_NO_CSRF},
    {"GET", "/desk", desk_page, AUTH_USER, "core/desk", "What there is to do, was done, was started, was copied", "box:string,type:string,light:string,before:string", 0},
    {"GET", "/search", search_page, AUTH_USER, "core/search", "Search all record types", "q:string", 0},
    {"GET", "/clauses", clauses_page, AUTH_USER, "core/clauses", "Each clause of the plan and where it is carried out", NULL, 0},
    {"GET", "/journal", journal_page, AUTH_USER, "core/journal", "Journal of all records in reach, for auditors", "before:string", 0},
    {"GET", "/accessibility", access_page, AUTH_PUBLIC, "core/accessibility", "How the pages can be used by everybody", NULL, ROUTE_CACHE},
    {"GET", "/openapi.json", openapi_page, AUTH_PUBLIC, NULL, "This document", NULL, 0},
    {"GET", "/assets/{file}", asset_page, AUTH_PUBLIC, NULL, "Style sheet, scripts, icons", NULL, 0},
    {"GET", "/healthz", health_page, AUTH_PUBLIC, NULL, "Is the service there", NULL, 0},
    {0},
};

const Route ROUTES_RECORD[] = {
    {"GET", "/f/{type}", public_form, AUTH_PUBLIC, "record/public", "Form that anyone may fill in", "about:string", 0},
    {"POST", "/f/{type}", public_form_post, AUTH_PUBLIC, "record/public", "Send it in; answers with number and query code", NULL,
     ROUTE_NO_CSRF | ROUTE_UPLOAD},
    {"GET", "/f/{type}/status", public_status, AUTH_PUBLIC, "record/public_status", "Ask what became of it", NULL, 0},
    {"POST", "/f/{type}/status", public_status_post, AUTH_PUBLIC, "record/public_status", "State and answer, for number and query code", NULL,
     ROUTE_NO_CSRF},
    {"GET", "/r/{type}", record_list, AUTH_PUBLIC, "record/list", "List, filtered and in pages", LIST_PARAMS, 0},
    {"POST", "/r/{type}", record_create, AUTH_USER, "record/form", "Create", NULL, 0},
    {"GET", "/r/{type}/new", record_new, AUTH_USER, "record/form", "Form of a new record", NULL, 0},
    {"GET", "/r/{type}/{id:id}", record_show, AUTH_PUBLIC, "record/show", "Read", NULL, 0},
    {"POST", "/r/{type}/{id:id}", record_update, AUTH_USER, "record/form", "Change (form)", NULL, 0},
    {"PUT", "/r/{type}/{id:id}", record_update, AUTH_USER, "record/form", "Change; members not given keep their value", NULL, 0},
    {"PATCH", "/r/{type}/{id:id}", record_update, AUTH_USER, "record/form", "Change; members not given keep their value", NULL, 0},
    {"DELETE", "/r/{type}/{id:id}", record_delete, AUTH_USER, NULL, "Delete (kept in the history)", NULL, 0},
    {"POST", "/r/{type}/{id:id}/delete", record_delete, AUTH_USER, NULL, "Delete (form)", NULL, 0},
    {"GET", "/r/{type}/{id:id}/edit", record_edit, AUTH_USER, "record/form", "Form to change a record", NULL, 0},
    {"POST", "/r/{type}/{id:id}/do/{action}", record_action, AUTH_USER, "record/show", "Take a step of the flow", NULL, 0},
    {"POST", "/r/{type}/do/{action}", record_bulk, AUTH_USER, "record/bulk", "Take a step with many records", NULL, 0},
    {"GET", "/r/{type}/{id:id}/history", record_history, AUTH_PUBLIC, "record/history", "Every change: who, when, before, after", NULL, 0},
    {"GET", "/r/{type}/{id:id}/snapshots/{n}", record_snapshot, AUTH_USER, "record/snapshot", "What a decision stood on, frozen", NULL, 0},
    {"POST", "/r/{type}/{id:id}/revise", record_revise, AUTH_USER, NULL, "Take over the newest revision of the form", NULL, 0},
    {"POST", "/r/{type}/{id:id}/unmask", record_unmask, AUTH_USER, "record/show", "Personal fields in clear, for a reason", NULL, 0},
    {"POST", "/r/{type}/{id:id}/files", record_file_add, AUTH_USER, NULL, "Attach a file", NULL, ROUTE_UPLOAD},
    {"POST", "/r/{type}/{id:id}/tasks", task_post, AUTH_USER, "record/show", "Hand on, consult, have countersigned, copy, urge", NULL, 0},
    {"POST", "/tasks/{id:id}/answer", task_answer_post, AUTH_USER, "record/show", "Answer what one was asked", NULL, 0},
    {"POST", "/tasks/{id:id}/back", task_back_post, AUTH_USER, "record/show", "Take back what was asked, or hand it back", NULL, 0},
    {"GET", "/files/{id:id}", file_get, AUTH_PUBLIC, NULL, "An attached file", NULL, 0},
    {"DELETE", "/files/{id:id}", file_delete, AUTH_USER, NULL, "Drop an attached file", "reason:string", 0},
    {"POST", "/files/{id:id}/delete", file_delete, AUTH_USER, NULL, "Drop an attached file (form)", NULL, 0},
    {"GET", "/check/{type}/{field}", record_check_field, AUTH_USER, "record/check", "Check one value while it is typed",
     "value:string,self:string", 0},
    {0},
};

const Route ROUTES_USER[] = {
    {"GET", "/users", users_page, AUTH_ADMIN, "user/users", "People of the own office and below", NULL, 0},
    {"POST", "/users", users_post, AUTH_ADMIN, "user/users", "Add a person", NULL, 0},
    {"POST", "/users/{id:id}/password", user_password_post, AUTH_ADMIN, "user/users", "Set a first password again", NULL, 0},
    {"POST", "/users/{id:id}/disable", user_disable_post, AUTH_ADMIN, "user/users", "Stop or restore an account", NULL, 0},
    {"GET", "/account", account_page, AUTH_USER, "user/account", "One's own account", NULL, 0},
    {"POST", "/account/password", account_password_post, AUTH_USER, "user/account", "Change one's own password", NULL, 0},
    {"POST", "/account/delegations", delegation_post, AUTH_USER, "user/account", "Let a colleague act for oneself for some days", NULL, 0},
    {"POST", "/account/delegations/{id:id}/end", delegation_end_post, AUTH_USER, "user/account", "End such a delegation", NULL, 0},
    {"GET", "/tokens", tokens_page, AUTH_USER, "user/account", "One's own tokens for programs", NULL, 0},
    {"POST", "/tokens", tokens_post, AUTH_USER, "user/account", "Make a token; its text is shown once", NULL, 0},
    {"POST", "/tokens/{id:id}/drop", token_drop_post, AUTH_USER, NULL, "End a token", NULL, 0},
    {"DELETE", "/tokens/{id:id}", token_drop_post, AUTH_USER, NULL, "End a token", NULL, 0},
    {0},
};
