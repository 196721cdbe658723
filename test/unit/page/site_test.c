/* site_test.c - what every request goes through: routes, sign-in, forgery, once-only, kept pages, headers. */
#include <pthread.h>

#include "client.h"

#define TEAM "name=甲县瓦工队&place=990101&trade=farm&people=20"

static void a_visitor_is_sent_to_sign_in_and_back_and_a_program_is_told(void **state)
{
    Client c = visitor(*state);
    Answer a = get(&c, "/desk?x=1");
    assert_int_equal(a.status, 303);
    assert_true(str_eq(answer_header(&a, "location"), S("/login?next=%2Fdesk%3Fx%3D1")));
    assert_int_equal(get(&c, "/r/team").status, 303);
    c.json = true;
    Answer b = get(&c, "/desk");
    assert_int_equal(b.status, 401);
    assert_true(str_eq(answer_header(&b, "content-type"), S("application/problem+json")));
    assert_int_equal(get(&c, "/r/team").status, 200); /* published records only */
}

static void signing_in_never_leads_to_another_site(void **state)
{
    Client c = visitor(*state);
    static const char *const BAD[] = {"/login?next=https://evil.example/", "/login?next=//evil.example/", "/login?next=/%5Cevil.example"};
    for (size_t i = 0; i < ARRAY_LEN(BAD); i++) {
        Answer a = get(&c, BAD[i]);
        assert_true(str_contains(a.body, S("name=\"next\" value=\"/desk\"")));
    }
    Answer log = get(&c, "/login?next=/log/entry/3"); /* the public log is no page of signing in */
    assert_true(str_contains(log.body, S("name=\"next\" value=\"/log/entry/3\"")));
    assert_true(str_contains(get(&c, "/login?next=/logout").body, S("name=\"next\" value=\"/desk\"")));
    assert_false(url_local(S("/a\r\nb")));
    assert_true(url_local(S("/r/team?state=new")));
}

static void the_sign_in_form_has_its_own_token(void **state)
{
    Web *w = *state;
    Client c = person(w, "jia", "C1", "writer"), d = visitor(w);
    (void)c;
    assert_int_equal(post(&d, "/login", "login=jia&password=correct+horse+battery").status, 403);
    assert_int_equal(post(&d, "/login", "csrf=guess&login=jia&password=correct+horse+battery").status, 403);
    assert_int_equal(get(&d, "/desk").status, 303);
}

static void a_wrong_password_is_told_without_saying_which_part_was_wrong(void **state)
{
    Web *w = *state;
    Client known = person(w, "jia", "C1", "writer"), d = visitor(w);
    (void)known;
    Answer page = get(&d, "/login");
    size_t at;
    assert_true(str_find(page.body, S("action=\"/login\""), &at));
    Answer inner = {.body = str_sub(page.body, at, page.body.n)};
    Str token = csrf_of(&inner);
    Answer a = post(&d, "/login", str_printf(w->mem, "csrf=%.*s&login=jia&password=wrong", STRF(token)).p);
    Answer b = post(&d, "/login", str_printf(w->mem, "csrf=%.*s&login=nobody&password=wrong", STRF(token)).p);
    assert_int_equal(a.status, 401);
    assert_int_equal(b.status, 401);
    assert_true(str_contains(a.body, S("用户名或口令不对")) && str_contains(b.body, S("用户名或口令不对")));
}

static void a_write_needs_the_session_token_and_our_own_page(void **state)
{
    Web *w = *state;
    Client c = person(w, "jia", "C1", "writer");
    assert_int_equal(post(&c, "/r/team", TEAM).status, 403);
    assert_int_equal(post(&c, "/r/team", "csrf=x&" TEAM).status, 403);
    const char *good = signed_form(&c, TEAM);
    with_header(&c, "sec-fetch-site", S("cross-site"));
    assert_int_equal(post(&c, "/r/team", good).status, 403);
    with_header(&c, "sec-fetch-site", S("same-site"));
    assert_int_equal(post(&c, "/r/team", good).status, 403);
    with_header(&c, "origin", S("http://evil.example"));
    assert_int_equal(post(&c, "/r/team", good).status, 403);
    with_header(&c, "origin", S("null"));
    assert_int_equal(post(&c, "/r/team", good).status, 403);
    with_header(&c, "origin", S("http://127.0.0.1:8080"));
    assert_int_equal(post(&c, "/r/team", good).status, 303);
}

static void what_another_site_sends_is_refused_where_nobody_is_signed_in_too(void **state)
{
    Client c = visitor(*state);
    assert_int_equal(post(&c, "/view", "big=1&here=/").status, 303);
    with_header(&c, "sec-fetch-site", S("cross-site"));
    assert_int_equal(post(&c, "/view", "big=1&here=/").status, 403);
    with_header(&c, "origin", S("http://evil.example"));
    assert_int_equal(post(&c, "/view", "big=1&here=/").status, 403);
}

static void signing_out_ends_the_session_at_once(void **state)
{
    Client c = person(*state, "jia", "C1", "writer");
    Str before = c.cookies;
    assert_int_equal(get(&c, "/desk").status, 200);
    assert_int_equal(post(&c, "/logout", signed_form(&c, "")).status, 303);
    c.cookies = before; /* the old cookie, kept by a thief */
    assert_int_equal(get(&c, "/desk").status, 303);
}

static void literal_segments_win_over_placeholders(void **state)
{
    Web *w = *state;
    assert_ptr_equal(route_of(w->site, "GET", S("/r/team/new"))->fn, record_new);
    assert_ptr_equal(route_of(w->site, "GET", S("/r/team/12"))->fn, record_show);
    assert_ptr_equal(route_of(w->site, "POST", S("/r/team/do/ask"))->fn, record_bulk);
    assert_null(route_of(w->site, "GET", S("/r/nonsense")));
    assert_null(route_of(w->site, "GET", S("/r/team/12/x/y/z/a/b/c/d")));
    Client c = visitor(w);
    Answer a = call(&c, "PUT", "/healthz", S(""), S(""));
    assert_int_equal(a.status, 405);
    assert_true(str_contains(answer_header(&a, "allow"), S("GET")));
    assert_int_equal(get(&c, "/nothing/here").status, 404);
}

static void every_answer_carries_the_security_headers(void **state)
{
    Client c = person(*state, "jia", "C1", "writer"), v = visitor(*state);
    static const char *const PATHS[] = {"/desk", "/r/team", "/nothing", "/healthz", "/account"};
    for (size_t i = 0; i < ARRAY_LEN(PATHS); i++) {
        Answer a = get(&c, PATHS[i]);
        Str csp = answer_header(&a, "content-security-policy");
        assert_true(str_contains(csp, S("default-src 'none'")) && str_contains(csp, S("frame-ancestors 'none'")));
        assert_false(str_contains(csp, S("unsafe")));
        assert_true(str_eq(answer_header(&a, "x-content-type-options"), S("nosniff")));
        assert_true(str_eq(answer_header(&a, "cache-control"), S("no-store")));
    }
    Answer a = get(&c, "/desk"), b = get(&c, "/desk"), p = get(&v, "/accessibility");
    assert_false(str_eq(answer_header(&a, "content-security-policy"), answer_header(&b, "content-security-policy"))); /* nonce */
    assert_false(str_contains(answer_header(&p, "content-security-policy"), S("nonce")));
}

static void a_kept_page_is_never_older_than_an_acknowledged_write(void **state)
{
    Web *w = *state;
    Client c = person(w, "jia", "C1", "writer"), head = person(w, "sheng", "P", "head"), v = visitor(w);
    Answer none = get(&v, "/count");
    assert_int_equal(doc_get_int(parsed(&v, &none), "total", -1), 0);
    for (int i = 0; i < 3; i++) {
        Answer made = post(&c, "/r/team", signed_form(&c, str_printf(w->mem, "name=甲县%d队&place=990101&trade=farm&people=20", i).p));
        assert_int_equal(made.status, 303);
        Str at = answer_header(&made, "location");
        assert_int_equal(post(&c, str_printf(w->mem, "%.*s/do/ask", STRF(at)).p, signed_form(&c, "rev=1")).status, 303);
        Answer before = get(&v, "/count"), again = get(&v, "/count");
        assert_int_equal(doc_get_int(parsed(&v, &before), "total", -1), i);
        assert_non_null(again.raw->body_ref); /* from memory */
        Answer yes = post(&head, str_printf(w->mem, "%.*s/do/approve", STRF(at)).p, signed_form(&head, "rev=2"));
        assert_int_equal(yes.status, 303);
        Answer after = get(&v, "/count");
        assert_int_equal(doc_get_int(parsed(&v, &after), "total", -1), i + 1);
    }
}

static void a_kept_page_answers_its_etag_and_is_never_shown_to_people_signed_in(void **state)
{
    Web *w = *state;
    Client v = visitor(w), c = person(w, "jia", "C1", "writer");
    Answer a = get(&v, "/accessibility");
    Str tag = answer_header(&a, "etag");
    assert_true(tag.n != 0);
    with_header(&v, "if-none-match", tag);
    assert_int_equal(get(&v, "/accessibility").status, 304);
    v.cookies = S("tamga_view=big");
    Answer big = get(&v, "/accessibility");
    assert_false(str_eq(answer_header(&big, "etag"), tag));
    Answer own = get(&c, "/accessibility");
    assert_true(str_contains(own.body, S("工作台")));
    assert_int_equal(answer_header(&own, "etag").n, 0);
}

typedef struct {
    Web *w;
    Str cookies;
    const char *body;
    Str location;
} Hammer;

static void *hammer(void *arg)
{
    Hammer *h = arg;
    Web own = *h->w;
    own.mem = arena_new(0);
    Client c = {.w = &own, .cookies = h->cookies};
    Answer a = post(&c, "/r/team", h->body);
    if (a.status == 303) {
        h->location = str_dup(h->w->mem, answer_header(&a, "location")); /* joined one by one: see below */
    }
    store_detach(h->w->f->s);
    arena_free(own.mem);
    return NULL;
}

static void eight_threads_with_one_key_make_one_record_and_get_one_answer(void **state)
{
    Web *w = *state;
    Client c = person(w, "jia", "C1", "writer");
    const char *body = signed_form(&c, TEAM "&idem=same");
    pthread_t threads[8];
    Hammer h[8];
    Web webs[8];
    for (int i = 0; i < 8; i++) {
        webs[i] = *w;
        webs[i].mem = arena_new(0);
        h[i] = (Hammer){.w = &webs[i], .cookies = c.cookies, .body = body};
        assert_int_equal(pthread_create(&threads[i], NULL, hammer, &h[i]), 0);
    }
    for (int i = 0; i < 8; i++) {
        pthread_join(threads[i], NULL);
        assert_true(h[i].location.n != 0 && str_eq(h[i].location, h[0].location));
    }
    c.json = true;
    Answer list = get(&c, "/r/team");
    assert_int_equal(doc_get_int(parsed(&c, &list), "total", -1), 1);
    for (int i = 0; i < 8; i++) {
        arena_free(webs[i].mem);
    }
}

static void the_description_of_the_api_lists_what_is_served(void **state)
{
    Web *w = *state;
    Client c = visitor(w);
    Answer a = get(&c, "/openapi.json");
    Doc *d = parsed(&c, &a), *paths = doc_get(d, S("paths"));
    assert_true(str_eq(doc_get_str(d, "openapi"), S("3.1.0")));
    for (size_t i = 0; i < w->site->n_routes; i++) {
        Str path = str_replace(w->mem, str_c(w->site->routes[i]->pattern), S(":id}"), S("}"));
        path = str_replace(w->mem, path, S("{type}"), S("team"));
        Doc *item = doc_get(paths, path);
        assert_non_null(item);
        assert_non_null(doc_get(item, str_lower(w->mem, str_c(w->site->routes[i]->method))));
    }
}

static void every_route_has_a_summary_and_its_template(void **state)
{
    Web *w = *state;
    for (size_t i = 0; i < w->site->n_routes; i++) {
        const Route *r = w->site->routes[i];
        assert_true(r->summary != NULL && strlen(r->summary) > 3);
        assert_true(r->view == NULL || templates_has(w->site->templates, str_c(r->view)));
    }
}

static void every_page_renders_with_every_name_set(void **state)
{
    Web *w = *state;
    Client head = person(w, "sheng", "P", "head"), c = person(w, "jia", "C1", "writer");
    static const char *const PATHS[] = {"/desk",   "/clauses",    "/journal",    "/users", "/account",       "/search?q=x", "/r/team",
                                        "/r/award", "/r/team?state=new&q=a&people.gte=3&page=2", "/login"};
    for (size_t i = 0; i < ARRAY_LEN(PATHS); i++) {
        Answer a = get(&head, PATHS[i]);
        assert_true(a.status == 200 || a.status == 303);
    }
    assert_int_equal(get(&c, "/r/team/new").status, 200);
    assert_int_equal(get(&c, "/check/team/name?name=abc").status, 200);
    assert_int_equal(get(&c, "/users").status, 404); /* not for writers: as if it were not there */
    assert_int_equal(get(&c, "/journal").status, 404);
}

/* Only a write that met a full disk tells of one: or whoever tries again every few seconds would keep everybody out for ever. */
static void what_is_refused_for_want_of_room_is_no_new_sign_of_it(void **state)
{
    Web *w = *state;
    Store *s = w->f->s;
    Client c = person(w, "jia", "C1", "writer");
    const char *form = signed_form(&c, TEAM), *ballast = str_printf(w->mem, "%s/ballast", w->f->dir).p;
    store_space_watch(s);
    assert_false(store_space_low(s));
    assert_int_equal(access(ballast, F_OK), 0);
    atomic_store(&s->space.low, true); /* nearly full, as it is seen twice a second */
    atomic_store(&s->space.looked_ms, INT64_MAX / 2);
    assert_int_equal(post(&c, "/r/team", form).status, 507);
    assert_int_equal(access(ballast, F_OK), 0); /* not given up: nothing met a full disk */
    atomic_store(&s->space.low, false);
    s->is_file = false; /* a database elsewhere is left alone for a while */
    store_space_full(s);
    int64_t until = atomic_load(&s->space.rest_until_ms);
    usleep(5000);
    assert_int_equal(post(&c, "/r/team", form).status, 507);
    assert_int_equal(atomic_load(&s->space.rest_until_ms), until);
    s->is_file = true;
    atomic_store(&s->space.rest_until_ms, 0);
    assert_int_equal(post(&c, "/r/team", form).status, 303);
    store_space_full(s); /* control: a write that met one gives the ballast up */
    assert_int_equal(access(ballast, F_OK), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        W(a_visitor_is_sent_to_sign_in_and_back_and_a_program_is_told),
        W(signing_in_never_leads_to_another_site),
        W(the_sign_in_form_has_its_own_token),
        W(a_wrong_password_is_told_without_saying_which_part_was_wrong),
        W(a_write_needs_the_session_token_and_our_own_page),
        W(what_another_site_sends_is_refused_where_nobody_is_signed_in_too),
        W(signing_out_ends_the_session_at_once),
        W(literal_segments_win_over_placeholders),
        W(every_answer_carries_the_security_headers),
        W(a_kept_page_is_never_older_than_an_acknowledged_write),
        W(a_kept_page_answers_its_etag_and_is_never_shown_to_people_signed_in),
        W(eight_threads_with_one_key_make_one_record_and_get_one_answer),
        W(the_description_of_the_api_lists_what_is_served),
        W(every_route_has_a_summary_and_its_template),
        W(every_page_renders_with_every_name_set),
        W(what_is_refused_for_want_of_room_is_no_new_sign_of_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
