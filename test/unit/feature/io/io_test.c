/* io_test.c - templates, imports, exports and jobs as a browser and a program meet them; every page rendered strictly. */
#include <time.h>

#include "../../job/fixture.h"
#include "feature/io/io.h"

typedef struct {
    Fixture *f;
    Site *site;
    Jobs *jobs;
    Str cookie, csrf;
} Web;

typedef struct {
    int status;
    Str body, location, type;
    int64_t file_len;
} Answer;

static int web_up(void **state)
{
    Web *w = calloc(1, sizeof *w);
    void *fixture;
    if (fixture_up(&fixture) != 0) {
        return -1;
    }
    w->f = fixture;
    Cx *cx = &w->f->cx;
    w->jobs = jobs_start(cx, w->f->s);
    REQUIRE(w->jobs != NULL, cx);
    io_set_jobs(w->jobs);
    static const Route *const TABLES[] = {ROUTES_IO, NULL};
    SiteConf conf = {.store = w->f->s, .view_dir = SOURCE_ROOT "/view", .tables = TABLES, .strict = true};
    w->site = site_start(cx, w->f->mem, &conf);
    REQUIRE(w->site != NULL, cx);
    Str token;
    Actor a;
    REQUIRE(session_open(cx, w->f->s, S("writer1"), S("correct-horse-9"), S("127.0.0.1"), &token, &(bool){false}, &a), cx);
    REQUIRE(session_actor(cx, w->f->s, token, &a, &w->csrf), cx);
    w->cookie = str_printf(w->f->mem, "tamga_s=%.*s", STRF(token));
    *state = w;
    return 0;
}

static int web_down(void **state)
{
    Web *w = *state;
    site_stop(w->site);
    jobs_stop(w->jobs);
    void *fixture = w->f;
    int gone = fixture_down(&fixture);
    free(w);
    return gone;
}

static Answer ask(Web *w, const char *method, const char *path, const char *query, Str accept, Str type, Str body, bool htmx)
{
    Arena *mem = w->f->mem;
    NetHeader h[6] = {{S("cookie"), w->cookie}, {S("accept"), accept}, {S("host"), S("test")}};
    size_t n = 3;
    if (type.n != 0) {
        h[n++] = (NetHeader){S("content-type"), type};
    }
    if (htmx) {
        h[n++] = (NetHeader){S("hx-request"), S("true")};
    }
    NetReq rq = {.method = str_c(method), .path = str_c(path), .query = str_c(query), .headers = h, .n_headers = n, .body = body,
                 .peer = S("127.0.0.1"), .mem = mem};
    NetResp resp = {0};
    site_handle(w->site, 0, &rq, &resp);
    Answer a = {.status = resp.status, .body = resp.body, .file_len = resp.body_fd_len};
    for (size_t i = 0; i < resp.n_headers; i++) {
        if (str_eq(resp.headers[i].name, S("location"))) {
            a.location = resp.headers[i].value;
        }
        if (str_eq(resp.headers[i].name, S("content-type"))) {
            a.type = resp.headers[i].value;
        }
    }
    if (resp.body_fd > 0) {
        char *p = arena_alloc(mem, (size_t)resp.body_fd_len + 1);
        ssize_t got = pread(resp.body_fd, p, (size_t)resp.body_fd_len, 0);
        a.body = str_n(p, got > 0 ? (size_t)got : 0);
        close(resp.body_fd);
    }
    return a;
}

static Answer get(Web *w, const char *path)
{
    return ask(w, "GET", path, "", S("text/html"), S(""), S(""), false);
}

static Answer post(Web *w, const char *path)
{
    Str body = str_printf(w->f->mem, "csrf=%.*s", STRF(w->csrf));
    return ask(w, "POST", path, "", S("text/html"), S("application/x-www-form-urlencoded"), body, false);
}

static Answer upload(Web *w, const char *name, Str bytes, const char *mode, bool json)
{
    Buf b = buf_new(w->f->mem, 1 << 20);
    buf_printf(&b, "--B\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n%.*s\r\n", STRF(w->csrf));
    buf_printf(&b, "--B\r\nContent-Disposition: form-data; name=\"mode\"\r\n\r\n%s\r\n", mode);
    buf_printf(&b, "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"%s\"\r\nContent-Type: text/csv\r\n\r\n", name);
    buf_add(&b, bytes);
    buf_add(&b, S("\r\n--B--\r\n"));
    return ask(w, "POST", "/r/team/import", "", json ? S("application/json") : S("text/html"), S("multipart/form-data; boundary=B"),
               buf_str(&b), false);
}

/* The job's page once it ended. */
static Answer ended(Web *w, Str path)
{
    Answer a = {0};
    for (int i = 0; i < 500; i++) {
        a = get(w, path.p);
        assert_int_equal(a.status, 200);
        if (!str_contains(a.body, S("every 1s"))) {
            return a;
        }
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    }
    _fail(__FILE__, __LINE__);
    return a;
}

#define ROWS "队名,所在县,工种,人数\n一队,甲县,砌筑,12\n二队,甲县,砌筑,99999\n"

static void the_import_page_offers_the_template_and_takes_a_file(void **state)
{
    Web *w = *state;
    Answer a = get(w, "/r/team/import");
    assert_int_equal(a.status, 200);
    assert_true(str_contains(a.body, S("/r/team/template.xlsx")));
    assert_true(str_contains(a.body, S("multipart/form-data")));
    a = get(w, "/r/team/template.xlsx");
    assert_int_equal(a.status, 200);
    assert_true(str_starts(a.body, S("PK")));
    assert_int_equal(get(w, "/r/award/import").status, 404);
}

static void an_upload_becomes_a_dry_run_then_a_run_with_its_workbook(void **state)
{
    Web *w = *state;
    Answer a = upload(w, "a.csv", S(ROWS), "dry", false);
    assert_int_equal(a.status, 303);
    assert_true(str_starts(a.location, S("/jobs/")));
    Str job = str_dup(w->f->mem, a.location);
    a = ended(w, job);
    assert_true(str_contains(a.body, S("正式导入")));
    assert_true(str_contains(a.body, str_printf(w->f->mem, "%.*s/report", STRF(job))));
    a = get(w, str_printf(w->f->mem, "%.*s/report", STRF(job)).p);
    assert_int_equal(a.status, 200);
    assert_true(str_starts(a.body, S("PK")));
    a = post(w, str_printf(w->f->mem, "%.*s/run", STRF(job)).p);
    assert_int_equal(a.status, 303);
    a = ended(w, str_dup(w->f->mem, a.location));
    assert_false(str_contains(a.body, S("正式导入")));
    assert_true(str_contains(a.body, S("导入完毕")));
    a = get(w, "/jobs");
    assert_int_equal(a.status, 200);
    assert_true(str_contains(a.body, job));
    assert_int_equal(get(w, "/r/team/import").status, 200);
    a = post(w, str_printf(w->f->mem, "%.*s/cancel", STRF(job)).p);
    assert_int_equal(a.status, 409);
}

static void what_cannot_be_taken_comes_back_on_the_page_with_the_reason(void **state)
{
    Web *w = *state;
    Answer a = upload(w, "a.pdf", S("%PDF-1.7 x"), "dry", false);
    assert_int_equal(a.status, 415);
    assert_true(str_contains(a.body, S("这不是表格文件")));
    assert_true(str_contains(a.body, S("href=\"#f-file\"")));
    a = upload(w, "", S(""), "dry", false);
    assert_int_equal(a.status, 422);
    a = upload(w, "a.pdf", S("%PDF-1.7 x"), "dry", true);
    assert_int_equal(a.status, 415);
    assert_true(str_contains(a.type, S("problem+json")));
}

static void a_program_gets_the_job_and_asks_for_it(void **state)
{
    Web *w = *state;
    Answer a = upload(w, "p.csv", S(ROWS), "dry", true);
    assert_int_equal(a.status, 202);
    assert_true(str_contains(a.body, S("\"state\":\"")));
    assert_true(a.location.n != 0);
    Str job = str_dup(w->f->mem, a.location);
    (void)ended(w, job);
    a = ask(w, "GET", job.p, "", S("application/json"), S(""), S(""), false);
    assert_int_equal(a.status, 200);
    assert_true(str_contains(a.body, S("\"state\":\"done\"")));
    assert_true(str_contains(a.body, S("\"wrong\":1")));
    assert_false(str_contains(a.body, S("bar_max")));
    a = ask(w, "GET", job.p, "", S("text/html"), S(""), S(""), true);
    assert_int_equal(a.status, 200);
    assert_false(str_contains(a.body, S("<html")));
    assert_true(str_contains(a.body, S("<progress")));
}

static void an_export_follows_the_filters_of_the_list(void **state)
{
    Web *w = *state;
    (void)ended(w, str_dup(w->f->mem, upload(w, "x.csv", S("队名,所在县,工种,人数\n筛一队,甲县,砌筑,7\n筛二队,甲县,农业,8\n"), "real", false).location));
    Answer a = ask(w, "GET", "/r/team/export.csv", "trade=farm", S("text/html"), S(""), S(""), false);
    assert_int_equal(a.status, 200);
    assert_true(str_contains(a.type, S("text/csv")));
    assert_true(str_contains(a.body, S("筛二队")));
    assert_false(str_contains(a.body, S("筛一队")));
    a = ask(w, "GET", "/r/team/export.xlsx", "", S("*/*"), S(""), S(""), false);
    assert_int_equal(a.status, 200);
    assert_true(str_starts(a.body, S("PK")));
    a = ask(w, "GET", "/r/team/export.csv", "trade=nonsense", S("text/html"), S(""), S(""), false);
    assert_int_equal(a.status, 400);
}

static void without_signing_in_nothing_of_this_is_answered(void **state)
{
    Web *w = *state;
    Str cookie = w->cookie;
    w->cookie = S("");
    static const char *const PATHS[] = {"/r/team/import", "/r/team/template.xlsx", "/r/team/export.csv", "/jobs", "/jobs/123456"};
    for (size_t i = 0; i < ARRAY_LEN(PATHS); i++) {
        int status = ask(w, "GET", PATHS[i], "", S("application/json"), S(""), S(""), false).status;
        assert_int_equal(status, 401);
    }
    w->cookie = cookie;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_import_page_offers_the_template_and_takes_a_file),
        cmocka_unit_test(an_upload_becomes_a_dry_run_then_a_run_with_its_workbook),
        cmocka_unit_test(what_cannot_be_taken_comes_back_on_the_page_with_the_reason),
        cmocka_unit_test(a_program_gets_the_job_and_asks_for_it),
        cmocka_unit_test(an_export_follows_the_filters_of_the_list),
        cmocka_unit_test(without_signing_in_nothing_of_this_is_answered),
    };
    return cmocka_run_group_tests(tests, web_up, web_down);
}
