/* record_test.c - the generic record pages: entering, changing, conflicts, steps, lists; as pages and as API. */
#include "client.h"

#define TEAM "name=甲县瓦工队&place=990101&trade=farm&people=20"

static const char *team_json(Web *w, const char *name, const char *rest)
{
    return str_printf(w->mem, "{\"name\":\"%s\",\"place\":\"990101\",\"trade\":\"farm\",\"people\":20%s}", name, rest).p;
}

/* A team made through the form; its address. */
static const char *make_team(Client *c, const char *more)
{
    Answer a = post(c, "/r/team", signed_form(c, str_printf(c->w->mem, TEAM "%s", more).p));
    assert_int_equal(a.status, 303);
    return str_z(c->w->mem, answer_header(&a, "location"));
}

static Doc *team_doc(Client *c, const char *at)
{
    bool json = c->json;
    c->json = true;
    Answer a = get(c, at);
    c->json = json;
    assert_int_equal(a.status, 200);
    return parsed(c, &a);
}

static void nothing_typed_is_lost_and_every_fault_is_named_beside_its_field(void **state)
{
    Client c = person(*state, "jia", "C1", "writer");
    Answer a = post(&c, "/r/team", signed_form(&c, "name=ABC&place=990101&trade=nonsense&people=99999&about=%3Cb%3Ekeep%3C%2Fb%3E"));
    assert_int_equal(a.status, 422);
    assert_true(str_contains(a.body, S("value=\"ABC\"")));
    assert_true(str_contains(a.body, S("&lt;b&gt;keep&lt;/b&gt;")));
    assert_true(str_contains(a.body, S("href=\"#f-trade\"")));
    assert_true(str_contains(a.body, S("href=\"#f-people\"")));
    assert_true(str_contains(a.body, S("id=\"f-people-e\"")));
}

static void faults_that_only_the_whole_record_shows_are_told_with_those_of_single_fields(void **state)
{
    Client c = person(*state, "jia", "C1", "writer");
    Answer a = post(&c, "/r/team", signed_form(&c, "name=&place=&trade=nonsense&people="));
    assert_int_equal(a.status, 422);
    assert_true(str_contains(a.body, S("href=\"#f-name\"")));
    assert_true(str_contains(a.body, S("href=\"#f-trade\"")));
    assert_true(str_contains(a.body, S("href=\"#f-people\"")));
}

static void a_saved_record_is_shown_with_a_message_once(void **state)
{
    Client c = person(*state, "jia", "C1", "writer");
    const char *at = make_team(&c, "");
    Answer a = get(&c, at), b = get(&c, at);
    assert_int_equal(a.status, 200);
    assert_true(str_contains(a.body, S("已保存")));
    assert_false(str_contains(b.body, S("已保存")));
    assert_true(str_contains(b.body, S("甲县瓦工队")));
}

static void rows_of_a_list_field_work_without_scripts(void **state)
{
    Client c = person(*state, "jia", "C1", "writer");
    Answer a = post(&c, "/r/team", signed_form(&c, TEAM "&tools.0.what=mixer&tools.0.number=2&_more=tools"));
    assert_int_equal(a.status, 200); /* "more rows" saves nothing */
    assert_true(str_contains(a.body, S("name=\"tools.3.what\"")));
    assert_true(str_contains(a.body, S("value=\"mixer\"")));
    const char *at = make_team(&c, "&tools.0.what=mixer&tools.0.number=2&tools.1.what=&tools.1.number=&tools.2.what=saw&tools.2.number=1");
    Doc *tools = doc_get(doc_get(team_doc(&c, at), S("values")), S("tools"));
    assert_int_equal(tools->n, 2);
    assert_true(str_eq(doc_get_str(doc_at(tools, 1), "what"), S("saw")));
}

static void a_form_sent_twice_makes_one_record(void **state)
{
    Client c = person(*state, "jia", "C1", "writer");
    const char *body = signed_form(&c, TEAM "&idem=once");
    Answer a = post(&c, "/r/team", body), b = post(&c, "/r/team", body);
    assert_int_equal(a.status, 303);
    assert_int_equal(b.status, 303);
    assert_true(str_eq(answer_header(&a, "location"), answer_header(&b, "location")));
    c.json = true;
    Answer list = get(&c, "/r/team");
    assert_int_equal(doc_get_int(parsed(&c, &list), "total", -1), 1);
}

static void two_people_changing_different_fields_both_win(void **state)
{
    Client c = person(*state, "jia", "C1", "writer"), d = person(*state, "jia2", "C1", "writer");
    const char *at = make_team(&c, "");
    assert_int_equal(post(&c, at, signed_form(&c, TEAM "&about=hers&rev=1")).status, 303);
    Answer a = post(&d, at, signed_form(&d, "name=甲县瓦工队&place=990101&trade=farm&people=33&about=&rev=1"));
    assert_int_equal(a.status, 412);
    assert_false(str_contains(a.body, S("name=\"pick.about\" value=\"mine\""))); /* he never touched it: taken over, not asked */
    assert_true(str_contains(a.body, S("name=\"people\" value=\"33\"")));
    Answer b = post(&d, at, signed_form(&d, "people=33&about=&pick.about=theirs&rev=2"));
    assert_int_equal(b.status, 303);
    Doc *v = doc_get(team_doc(&d, at), S("values"));
    assert_int_equal(doc_get_int(v, "people", 0), 33);
    assert_true(str_eq(doc_get_str(v, "about"), S("hers")));
}

static void a_real_conflict_shows_both_values_and_keeps_the_one_chosen(void **state)
{
    Client c = person(*state, "jia", "C1", "writer"), d = person(*state, "jia2", "C1", "writer");
    const char *at = make_team(&c, "");
    assert_int_equal(post(&c, at, signed_form(&c, "people=30&rev=1")).status, 303);
    Answer a = post(&d, at, signed_form(&d, "people=40&rev=1"));
    assert_int_equal(a.status, 412);
    assert_true(str_contains(a.body, S("name=\"pick.people\" value=\"theirs\"")));
    assert_true(str_contains(a.body, S("30")) && str_contains(a.body, S("40")));
    assert_int_equal(doc_get_int(doc_get(team_doc(&c, at), S("values")), "people", 0), 30);
    assert_int_equal(post(&d, at, signed_form(&d, "people=40&pick.people=mine&rev=2")).status, 303);
    assert_int_equal(doc_get_int(doc_get(team_doc(&c, at), S("values")), "people", 0), 40);
}

static void records_out_of_reach_do_not_exist(void **state)
{
    Client c = person(*state, "jia", "C1", "writer"), other = person(*state, "yi", "C2", "writer");
    const char *at = make_team(&c, "");
    Web *w = *state;
    static const char *const TAILS[] = {"", "/edit", "/history"};
    for (size_t i = 0; i < ARRAY_LEN(TAILS); i++) {
        assert_int_equal(get(&other, str_printf(w->mem, "%s%s", at, TAILS[i]).p).status, 404);
    }
    assert_int_equal(post(&other, at, signed_form(&other, "people=1&rev=1")).status, 404);
    assert_int_equal(post(&other, str_printf(w->mem, "%s/do/ask", at).p, signed_form(&other, "rev=1")).status, 404);
    assert_int_equal(post(&other, str_printf(w->mem, "%s/unmask", at).p, signed_form(&other, "reason=because")).status, 404);
    other.json = true;
    Answer list = get(&other, "/r/team");
    assert_int_equal(doc_get_int(parsed(&other, &list), "total", -1), 0);
}

static void personal_data_is_masked_and_a_mask_sent_back_changes_nothing(void **state)
{
    Web *w = *state;
    Client c = person(w, "jia", "C1", "writer");
    const char *at = make_team(&c, "&leader_phone=13812342046");
    Answer edit = get(&c, str_printf(w->mem, "%s/edit", at).p);
    assert_true(str_contains(edit.body, S("138****2046")));
    assert_false(str_contains(edit.body, S("13812342046")));
    assert_int_equal(post(&c, at, signed_form(&c, "people=21&leader_phone=138****2046&rev=1")).status, 303);
    Answer no = post(&c, str_printf(w->mem, "%s/unmask", at).p, signed_form(&c, "reason="));
    assert_int_equal(no.status, 422);
    assert_false(str_contains(no.body, S("13812342046")));
    Answer yes = post(&c, str_printf(w->mem, "%s/unmask", at).p, signed_form(&c, "reason=电话核对情况"));
    assert_int_equal(yes.status, 200);
    assert_true(str_contains(yes.body, S("13812342046")));
}

static void a_field_hidden_from_a_role_is_nowhere_in_its_document(void **state)
{
    Web *w = *state;
    Client c = person(w, "jia", "C1", "writer"), head = person(w, "sheng", "P", "head");
    const char *at = make_team(&c, "&leader_id=11010519491231002X");
    Doc *hers = doc_get(team_doc(&c, at), S("values")), *his = doc_get(team_doc(&head, at), S("values"));
    assert_non_null(doc_get(hers, S("leader_id")));
    assert_null(doc_get(his, S("leader_id")));
    Answer page = get(&head, at);
    assert_false(str_contains(page.body, S("队长身份证号")));
}

static void buttons_and_api_come_from_the_same_decision(void **state)
{
    Web *w = *state;
    Client c = person(w, "jia", "C1", "writer"), head = person(w, "sheng", "P", "head");
    const char *at = make_team(&c, "");
    Answer page = get(&c, at);
    assert_true(str_contains(page.body, str_printf(w->mem, "action=\"%s/do/ask\"", at)));
    assert_int_equal(doc_get(team_doc(&c, at), S("actions"))->n, 1);
    assert_int_equal(doc_get(team_doc(&head, at), S("actions"))->n, 0);
    assert_int_equal(post(&c, str_printf(w->mem, "%s/do/ask", at).p, signed_form(&c, "rev=1")).status, 303);
    Doc *acts = doc_get(team_doc(&head, at), S("actions"));
    assert_int_equal(acts->n, 2);
    assert_true(doc_get_bool(doc_at(acts, 0), "can"));
    assert_int_equal(doc_get(doc_at(acts, 0), S("conditions"))->n, 1);
}

static void a_step_without_its_reason_says_so_beside_the_form(void **state)
{
    Web *w = *state;
    Client c = person(w, "jia", "C1", "writer"), head = person(w, "sheng", "P", "head");
    const char *at = make_team(&c, "");
    assert_int_equal(post(&c, str_printf(w->mem, "%s/do/ask", at).p, signed_form(&c, "rev=1")).status, 303);
    Doc *d = team_doc(&head, at);
    int64_t rev = doc_get_int(d, "rev", 0);
    const char *refuse = str_printf(w->mem, "%s/do/refuse", at).p;
    Answer no = post(&head, refuse, signed_form(&head, str_printf(w->mem, "rev=%lld", (long long)rev).p));
    assert_int_equal(no.status, 422);
    assert_true(str_contains(no.body, S("须写明理由")));
    Answer yes = post(&head, refuse, signed_form(&head, str_printf(w->mem, "rev=%lld&phrase=人数", (long long)rev).p));
    assert_int_equal(yes.status, 303);
    assert_true(str_eq(doc_get_str(team_doc(&c, at), "state"), S("new")));
}

static void many_checked_rows_take_a_step_and_each_refusal_is_named(void **state)
{
    Web *w = *state;
    Client c = person(w, "jia", "C1", "writer");
    const char *at = make_team(&c, "");
    Str id = str_sub(str_c(at), strlen("/r/team/"), 40);
    Answer a = post(&c, "/r/team/do/ask", signed_form(&c, str_printf(w->mem, "ids=%.*s&ids=77&back=/r/team%%3Fstate=new", STRF(id)).p));
    assert_int_equal(a.status, 200);
    assert_true(str_contains(a.body, S("1 条已办，1 条没有办")));
    assert_true(str_eq(doc_get_str(team_doc(&c, at), "state"), S("asked")));
    Answer none = post(&c, "/r/team/do/ask", signed_form(&c, "back=/r/team"));
    assert_int_equal(none.status, 303);
}

static void a_list_filters_sorts_counts_and_goes_on_by_cursor(void **state)
{
    Web *w = *state;
    Client c = person(w, "jia", "C1", "writer");
    c.json = true;
    for (int i = 0; i < 5; i++) {
        const char *body = str_printf(w->mem, "{\"name\":\"甲县%d队\",\"place\":\"甲县\",\"trade\":\"%s\",\"people\":%d}", i,
                                      i % 2 == 0 ? "farm" : "mason", 10 + i).p;
        c.json = false;
        Answer page = get(&c, "/account");
        c.json = true;
        with_header(&c, "x-csrf-token", csrf_of(&page));
        assert_int_equal(send_json_to(&c, "POST", "/r/team", body).status, 201);
    }
    Answer a = get(&c, "/r/team?trade=farm&people.gte=12&order=-people&size=1&facets=1");
    Doc *d = parsed(&c, &a);
    assert_int_equal(doc_get_int(d, "total", -1), 2);
    Doc *first = doc_at(doc_get(d, S("items")), 0);
    assert_int_equal(doc_get_int(doc_get(first, S("values")), "people", 0), 14);
    Str cursor = doc_get_str(d, "next");
    assert_true(cursor.n != 0);
    Answer b = get(&c, str_printf(w->mem, "/r/team?trade=farm&people.gte=12&order=-people&size=1&cursor=%.*s", STRF(cursor)).p);
    Doc *second = doc_at(doc_get(parsed(&c, &b), S("items")), 0);
    assert_int_equal(doc_get_int(doc_get(second, S("values")), "people", 0), 12);
    Doc *facet = doc_at(doc_get(d, S("facets")), 0), *items = doc_get(facet, S("items"));
    assert_int_equal(doc_get_int(doc_at(items, 0), "count", 0) + doc_get_int(doc_at(items, 1), "count", 0), 3); /* other filters stay */
    assert_int_equal(get(&c, "/r/team?nonsense=1").status, 400);
    assert_int_equal(get(&c, "/r/team?order=wage").status, 400);
    assert_int_equal(get(&c, "/r/team?leader_phone=13812342046").status, 400);
    assert_int_equal(get(&c, "/r/team?people.gte=many").status, 400);
}

static void writes_of_programs_carry_the_revision_they_saw(void **state)
{
    Web *w = *state;
    Client c = person(w, "jia", "C1", "writer");
    Answer t = post(&c, "/tokens", signed_form(&c, "name=test&scope=write&days=1"));
    size_t at_code;
    assert_true(str_find(t.body, S("<code class=\"code\">"), &at_code));
    Str token, rest;
    (void)str_cut(str_sub(t.body, at_code + strlen("<code class=\"code\">"), t.body.n), '<', &token, &rest);
    Client p = {.w = w, .bearer = token, .json = true};
    Answer a = send_json_to(&p, "POST", "/r/team", team_json(w, "甲县一队", ""));
    assert_int_equal(a.status, 201);
    assert_true(str_eq(answer_header(&a, "etag"), S("\"1\"")));
    const char *at = str_z(w->mem, answer_header(&a, "location"));
    assert_int_equal(send_json_to(&p, "PATCH", at, "{\"people\":22}").status, 428);
    with_header(&p, "if-match", S("\"9\""));
    assert_int_equal(send_json_to(&p, "PATCH", at, "{\"people\":22}").status, 412);
    with_header(&p, "if-match", S("\"1\""));
    Answer ok = send_json_to(&p, "PATCH", at, "{\"people\":22}");
    assert_int_equal(ok.status, 200);
    assert_true(str_eq(answer_header(&ok, "etag"), S("\"2\"")));
    Answer bad = send_json_to(&p, "POST", "/r/team", "{\"name\":\"x\"}");
    assert_int_equal(bad.status, 422);
    Doc *d = parsed(&p, &bad);
    assert_true(str_eq(answer_header(&bad, "content-type"), S("application/problem+json")));
    assert_true(str_eq(doc_get_str(d, "code"), S("invalid")));
    assert_true(doc_get(d, S("errors"))->n >= 2);
    with_header(&p, "if-match", S("\"2\""));
    assert_int_equal(call(&p, "DELETE", at, S(""), S("")).status, 204);
    assert_int_equal(get(&p, at).status, 404);
}

static void a_token_for_reading_cannot_write(void **state)
{
    Web *w = *state;
    Client c = person(w, "jia", "C1", "writer");
    Answer t = post(&c, "/tokens", signed_form(&c, "name=test&scope=read&days=1"));
    size_t at_code;
    assert_true(str_find(t.body, S("<code class=\"code\">"), &at_code));
    Str token, rest;
    (void)str_cut(str_sub(t.body, at_code + strlen("<code class=\"code\">"), t.body.n), '<', &token, &rest);
    Client p = {.w = w, .bearer = token, .json = true};
    assert_int_equal(get(&p, "/r/team").status, 200);
    assert_int_equal(send_json_to(&p, "POST", "/r/team", team_json(w, "甲县一队", "")).status, 403);
}

static void money_is_yuan_in_forms_and_whole_fen_for_programs(void **state)
{
    Web *w = *state;
    Client head = person(w, "sheng", "P", "head"), c = person(w, "jia", "C1", "writer");
    const char *team = make_team(&c, "");
    Str id = str_sub(str_c(team), strlen("/r/team/"), 40);
    Answer a = post(&head, "/r/award", signed_form(&head, str_printf(w->mem, "team=%.*s&title=prize&grade=1&prize=1200.50", STRF(id)).p));
    if (a.status != 303) { /* the code list's first code, whatever it is called */
        const Field *f = type_field(w->f->award, S("grade"));
        a = post(&head, "/r/award", signed_form(&head, str_printf(w->mem, "team=%.*s&title=prize&grade=%.*s&prize=1200.50", STRF(id),
                                                           STRF(f->codes->codes[0].code)).p));
    }
    assert_int_equal(a.status, 303);
    const char *at = str_z(w->mem, answer_header(&a, "location"));
    assert_int_equal(doc_get_int(doc_get(team_doc(&head, at), S("values")), "prize", 0), 120050);
    Answer edit = get(&head, str_printf(w->mem, "%s/edit", at).p);
    assert_true(str_contains(edit.body, S("value=\"1200.50\"")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        W(nothing_typed_is_lost_and_every_fault_is_named_beside_its_field),
        W(faults_that_only_the_whole_record_shows_are_told_with_those_of_single_fields),
        W(a_saved_record_is_shown_with_a_message_once),
        W(rows_of_a_list_field_work_without_scripts),
        W(a_form_sent_twice_makes_one_record),
        W(two_people_changing_different_fields_both_win),
        W(a_real_conflict_shows_both_values_and_keeps_the_one_chosen),
        W(records_out_of_reach_do_not_exist),
        W(personal_data_is_masked_and_a_mask_sent_back_changes_nothing),
        W(a_field_hidden_from_a_role_is_nowhere_in_its_document),
        W(buttons_and_api_come_from_the_same_decision),
        W(a_step_without_its_reason_says_so_beside_the_form),
        W(many_checked_rows_take_a_step_and_each_refusal_is_named),
        W(a_list_filters_sorts_counts_and_goes_on_by_cursor),
        W(writes_of_programs_carry_the_revision_they_saw),
        W(a_token_for_reading_cannot_write),
        W(money_is_yuan_in_forms_and_whole_fen_for_programs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
