/* kept_test.c - the record page of a flow with several signers: who signed, what was frozen, which form; as page and as
 * API. */
#include "client.h"

#include "../store/flow.h"

static int up(void **state)
{
    return flow_up(state) != 0 || web_on(state) != 0;
}

#define K(fn) cmocka_unit_test_setup_teardown(fn, up, web_down)

/* A piece entered and sent by a clerk of the east town; its address. */
static const char *sent_piece(Client *c)
{
    Answer a = post(c, "/r/piece", signed_form(c, "name=木雕&kind=wood&makers=3&story=代代相传&phone=13812342046"));
    assert_int_equal(a.status, 303);
    const char *at = str_z(c->w->mem, answer_header(&a, "location"));
    a = post(c, str_printf(c->w->mem, "%s/do/send", at).p, signed_form(c, "rev=1"));
    assert_int_equal(a.status, 303);
    return at;
}

static const char *under(Client *c, const char *at, const char *tail)
{
    return str_printf(c->w->mem, "%s%s", at, tail).p;
}

static Doc *as_json(Client *c, const char *at)
{
    c->json = true;
    Answer a = get(c, at);
    c->json = false;
    assert_int_equal(a.status, 200);
    return parsed(c, &a);
}

static void the_page_tells_who_signed_and_who_is_missing(void **state)
{
    Client clerk = person(*state, "dong1", "E", "clerk"), one = person(*state, "shi1", "M", "officer"),
           two = person(*state, "zhu1", "M", "leader");
    const char *at = sent_piece(&clerk);
    Answer a = get(&one, at);
    assert_true(str_contains(a.body, S("签署情况")) && str_contains(a.body, S("还差 2 人")) &&
                str_contains(a.body, S("还没有人签署")));
    assert_int_equal(post(&one, under(&one, at, "/do/choose"), signed_form(&one, "rev=2&reason=刀工好")).status, 303);
    a = get(&one, at);
    assert_true(str_contains(a.body, S("已签署，还差 1 人：木雕")) && str_contains(a.body, S("您已签署，还差 1 人")) &&
                str_contains(a.body, S("刀工好")));
    const Doc *signs = doc_get(as_json(&two, at), S("signs"));
    assert_int_equal(doc_get_int(doc_at(signs, 0), "missing", -1), 1);
    assert_int_equal(post(&two, under(&two, at, "/do/choose"), signed_form(&two, "rev=2")).status, 303);
    SAME(doc_get_str(as_json(&two, at), "state"), "chosen");
    assert_true(str_contains(get(&two, under(&two, at, "/history")).body, S("签署：入选")));
}

static void a_snapshot_opens_with_the_figures_and_verdicts_of_its_day(void **state)
{
    Client clerk = person(*state, "dong1", "E", "clerk"), other = person(*state, "xi1", "W", "clerk");
    const char *at = sent_piece(&clerk);
    assert_true(str_contains(get(&clerk, at).body, S("封存的快照")));
    Answer a = get(&clerk, under(&clerk, at, "/snapshots/1"));
    assert_int_equal(a.status, 200);
    assert_true(str_contains(a.body, S("3 人")) && str_contains(a.body, S("至少两人制作")) &&
                str_contains(a.body, S("138****2046")));
    assert_false(str_contains(a.body, S("13812342046")));
    Doc *d = as_json(&clerk, under(&clerk, at, "/snapshots/1"));
    SAME(doc_get_str(doc_get(doc_get(d, S("fields")), S("makers")), "value"), "3");
    SAME(doc_get_str(doc_at(doc_get(d, S("conditions")), 0), "verdict"), "yes");
    assert_int_equal(doc_get_str(d, "sha256").n, 64);
    assert_int_equal(get(&clerk, under(&clerk, at, "/snapshots/2")).status, 404);
    assert_int_equal(get(&other, under(&other, at, "/snapshots/1")).status, 404);
}

static void the_newer_form_is_offered_with_what_changed_and_taken_on_demand(void **state)
{
    Fixture *f = ((Web *)*state)->f;
    Client clerk = person(*state, "dong1", "E", "clerk");
    Answer a = post(&clerk, "/r/piece", signed_form(&clerk, "name=木雕&makers=3&story=代代相传"));
    const char *at = str_z(clerk.w->mem, answer_header(&a, "location"));
    assert_false(str_contains(get(&clerk, at).body, S("表单已更新")));
    behind_the_back(f, "update r_piece set form = 1, f_old_no = '老七'");
    a = get(&clerk, at);
    assert_true(str_contains(a.body, S("表单已更新为第2版：新增来历；停用旧编号")) && str_contains(a.body, S("老七")));
    a = get(&clerk, under(&clerk, at, "/edit"));
    assert_true(str_contains(a.body, S("name=\"old_no\"")) && !str_contains(a.body, S("name=\"story\"")));
    assert_int_equal(post(&clerk, under(&clerk, at, "/revise"), signed_form(&clerk, "rev=9")).status, 412);
    assert_int_equal(post(&clerk, under(&clerk, at, "/revise"), signed_form(&clerk, "rev=1")).status, 303);
    a = get(&clerk, under(&clerk, at, "/edit"));
    assert_true(!str_contains(a.body, S("name=\"old_no\"")) && str_contains(a.body, S("name=\"story\"")));
    assert_false(str_contains(get(&clerk, at).body, S("表单已更新")));
}

static void what_the_program_does_is_no_address_of_a_person(void **state)
{
    Fixture *f = ((Web *)*state)->f;
    Client one = person(*state, "shi1", "M", "officer");
    Rec r = a_round(f, "2020-01-01");
    const char *at = str_printf(one.w->mem, "/r/round/%lld", (long long)r.id).p;
    assert_int_equal(post(&one, under(&one, at, "/do/close"), signed_form(&one, "rev=1")).status, 409);
    assert_false(str_contains(get(&one, at).body, S("/do/close")));
    OK(by_program(f, &r, "close"));
    assert_true(str_contains(get(&one, at).body, S("需人工核验"))); /* of `publish` */
}

static void a_sealed_record_is_not_found_by_anybody_else(void **state)
{
    Fixture *f = ((Web *)*state)->f;
    Client judge = person(*state, "ping1", "M", "judge"), leader = person(*state, "zhu1", "M", "leader");
    Rec piece = a_piece(f, "木雕", "3", NULL), r = a_sheet(f, &piece, &flow.judge, "80");
    const char *at = str_printf(judge.w->mem, "/r/sheet/%lld", (long long)r.id).p;
    assert_int_equal(get(&judge, at).status, 200);
    assert_int_equal(get(&leader, at).status, 404);
    assert_int_equal(get(&leader, under(&leader, at, ".json")).status, 404);
    assert_int_equal(get(&leader, under(&leader, at, "/history")).status, 404);
    assert_false(str_contains(get(&leader, "/r/sheet").body, S("ping1")));
    assert_false(str_contains(get(&leader, "/search?q=ping1").body, S("/r/sheet/")));
    assert_false(str_contains(get(&leader, "/journal").body, S("<ins>80"))); /* hashes and ids may hold any digits */
    assert_false(
        str_contains(get(&leader, str_printf(leader.w->mem, "/r/piece/%lld", (long long)piece.id).p).body, S("ping1")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        K(the_page_tells_who_signed_and_who_is_missing),
        K(a_snapshot_opens_with_the_figures_and_verdicts_of_its_day),
        K(the_newer_form_is_offered_with_what_changed_and_taken_on_demand),
        K(what_the_program_does_is_no_address_of_a_person),
        K(a_sealed_record_is_not_found_by_anybody_else),
    };
    return cmocka_run_group_tests_name("page/kept", tests, NULL, NULL);
}
