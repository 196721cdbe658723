/* multipart/form-data: fields, files, names as browsers send them, bodies that are cut or too big. */
#include "check.h"

#include "fmt/url.h"

#define TYPE S("multipart/form-data; boundary=XX")
#define FIELD(name) "Content-Disposition: form-data; name=\"" name "\"\r\n"

static Part *must_read(Cx *cx, Str type, Str body, size_t want)
{
    Part *parts = NULL;
    size_t n = 0;
    bool ok = multipart_read(cx, type, body, &parts, &n);
    if (!ok) {
        print_error("%.*s\n", STRF(cx->err_text));
    }
    assert_true(ok);
    assert_int_equal(n, want);
    return parts;
}

static void must_refuse(Arena *mem, Str type, Str body, ErrCode code, const char *text)
{
    Cx cx;
    cx_init(&cx, mem);
    Part *parts;
    size_t n;
    assert_false(multipart_read(&cx, type, body, &parts, &n));
    assert_text(cx.err_text, text);
    assert_int_equal(cx.err, code);
}

static void fields_and_files_are_told_apart(void **state)
{
    Cx cx;
    cx_init(&cx, *state);
    const Part *p = must_read(&cx, TYPE,
                              S("--XX\r\n" FIELD("a") "\r\n1\r\n--XX\r\n"
                                "content-disposition:form-data;name=f;filename=\"x.txt\"\r\nContent-Type: text/plain\r\n\r\nhello\r\n\r\n"
                                "--XX\r\n" FIELD("e") "\r\n\r\n--XX\r\n" FIELD("none\"; filename=\"") "\r\n\r\n--XX--\r\n"), 4);
    assert_text(p[0].name, "a");
    assert_text(p[0].data, "1");
    assert_false(p[0].is_file);
    assert_text(p[1].name, "f");
    assert_text(p[1].filename, "x.txt");
    assert_text(p[1].type, "text/plain");
    assert_text(p[1].data, "hello\r\n");
    assert_true(p[1].is_file);
    assert_text(p[2].data, "");
    assert_true(p[3].is_file);
    assert_text(p[3].filename, "");
}

static void binary_data_comes_out_byte_for_byte(void **state)
{
    Cx cx;
    cx_init(&cx, *state);
    Buf b = buf_new(cx.mem, 100000);
    buf_add(&b, S("--XX\r\n" FIELD("f\"; filename=\"b") "\r\n"));
    size_t from = b.n;
    for (int i = 0; i < 3000; i++) {
        buf_addc(&b, (char)(i * 7));
    }
    size_t to = b.n;
    buf_add(&b, S("\r\n--XX--"));
    Str body = buf_str(&b);
    const Part *p = must_read(&cx, TYPE, body, 1);
    assert_int_equal(p->data.n, to - from);
    assert_ptr_equal(p->data.p, body.p + from);
}

static void the_boundary_inside_data_is_data(void **state)
{
    Cx cx;
    cx_init(&cx, *state);
    const Part *p = must_read(&cx, TYPE,
                              S("--XX\r\n" FIELD("f\"; filename=\"b") "\r\nx--XX\r\n\n--XX\r\n--XXY\r\n--XX-\r\r\n--X\r\n--XX \r\n" FIELD("a")
                                "\r\n--XX--\r\n--XX--"), 2);
    assert_text(p[0].data, "x--XX\r\n\n--XX\r\n--XXY\r\n--XX-\r\r\n--X");
    assert_text(p[1].data, "--XX--");
}

static void preamble_and_epilogue_are_ignored(void **state)
{
    Cx cx;
    cx_init(&cx, *state);
    const Part *p = must_read(&cx, TYPE, S("hello --XX\r\n--XX\r\n" FIELD("a") "\r\n1\r\n--XX--\r\n--XX\r\nrest"), 1);
    assert_text(p->data, "1");
    must_read(&cx, TYPE, S("--XX--\r\n"), 0);
}

static void file_names_lose_folders_and_control_characters(void **state)
{
    static const struct {
        const char *sent, *want;
    } ROWS[] = {
        {"filename=\"名单 1.xlsx\"", "名单 1.xlsx"},
        {"filename=\"C:\\\\a\\b.doc\"", "b.doc"},
        {"filename=\"../../etc/passwd\"", "passwd"},
        {"filename=\"a\\\"b.txt\"", "a\"b.txt"},
        {"filename=\"a%22b.txt\"", "a\"b.txt"},
        {"filename=\"a;b=c.txt\"", "a;b=c.txt"},
        {"filename=\"a\tb\x7F\xC2\x85.txt\"", "ab.txt"},
        {"filename=\"..\"", ""},
        {"filename=\"dir/\"", ""},
        {"filename=plain.txt", "plain.txt"},
        {"filename=\"x.txt\"; filename*=UTF-8''%E5%90%8D%2Fb.txt", "b.txt"},
    };
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        Cx cx;
        cx_init(&cx, *state);
        Str body = str_printf(cx.mem, "--XX\r\nContent-Disposition: form-data; name=\"f\"; %s\r\n\r\n1\r\n--XX--", ROWS[i].sent);
        const Part *p = must_read(&cx, TYPE, body, 1);
        assert_true(p->is_file);
        assert_text(p->filename, ROWS[i].want);
        assert_text(p->name, "f");
    }
}

static void plain_fields_are_text(void **state)
{
    Cx cx;
    cx_init(&cx, *state);
    const Part *p = must_read(&cx, TYPE, S("--XX\r\n" FIELD("t") "\r\na\r\nb\r\n--XX--"), 1);
    assert_text(p->data, "a\nb");
    must_refuse(*state, TYPE, S("--XX\r\n" FIELD("t") "\r\n\xFF\r\n--XX--"), E_BAD_REQUEST, "表单内容不是有效的 UTF-8 文本");
    must_refuse(*state, TYPE, S("--XX\r\n" FIELD("t") "\r\na\0b\r\n--XX--"), E_BAD_REQUEST, "表单内容不是有效的 UTF-8 文本");
}

static void the_boundary_may_be_quoted(void **state)
{
    Cx cx;
    cx_init(&cx, *state);
    must_read(&cx, S("Multipart/Form-Data; charset=utf-8; BOUNDARY=\"a b\""), S("--a b\r\n" FIELD("t") "\r\n\r\n--a b--"), 1);
}

static void broken_bodies_are_refused(void **state)
{
    Arena *a = *state;
    must_refuse(a, S("text/plain"), S("x"), E_MEDIA_TYPE, "这里只接受 multipart/form-data");
    must_refuse(a, S("multipart/form-data"), S("x"), E_BAD_REQUEST, "上传内容缺少分界线");
    must_refuse(a, S("multipart/form-data; boundary="), S("x"), E_BAD_REQUEST, "上传内容缺少分界线");
    must_refuse(a, S("multipart/form-data; boundary=\"x"), S("x"), E_BAD_REQUEST, "上传内容缺少分界线");
    must_refuse(a, S("multipart/form-data; boundary=00000000001111111111222222222233333333334444444444555555555566666666667"), S("x"), E_BAD_REQUEST,
                "上传内容缺少分界线");
    must_refuse(a, TYPE, S(""), E_BAD_REQUEST, "上传内容里找不到分界线");
    must_refuse(a, TYPE, S("--YY\r\n"), E_BAD_REQUEST, "上传内容里找不到分界线");
    must_refuse(a, TYPE, S("--XX\r\n" FIELD("a") "\r\n1"), E_BAD_REQUEST, "上传内容不完整，请重新上传");
    must_refuse(a, TYPE, S("--XX\r\n" FIELD("a") "\r\n1\r\n--XX"), E_BAD_REQUEST, "上传内容不完整，请重新上传");
    must_refuse(a, TYPE, S("--XX\r\n" FIELD("a") "\r\n1\r\n--XX\r\n"), E_BAD_REQUEST, "上传内容的头部太长或者没有结束");
    must_refuse(a, TYPE, S("--XX\r\n\r\n1\r\n--XX--"), E_BAD_REQUEST, "上传内容的某一部分没有名称");
    must_refuse(a, TYPE, S("--XX\r\nContent-Disposition: form-data\r\n\r\n1\r\n--XX--"), E_BAD_REQUEST, "上传内容的名称写法不对");
    must_refuse(a, TYPE, S("--XX\r\nContent-Disposition: attachment; name=a\r\n\r\n1\r\n--XX--"), E_BAD_REQUEST, "上传内容的某一部分不是表单数据");
    must_refuse(a, TYPE, S("--XX\r\n" FIELD("a") FIELD("b") "\r\n1\r\n--XX--"), E_BAD_REQUEST, "上传内容的头部写法不对");
    must_refuse(a, TYPE, S("--XX\r\nno colon\r\n\r\n1\r\n--XX--"), E_BAD_REQUEST, "上传内容的头部写法不对");
    must_refuse(a, TYPE, S("--XX\r\n" FIELD("a\xFF") "\r\n1\r\n--XX--"), E_BAD_REQUEST, "上传内容的名称写法不对");
    must_refuse(a, TYPE, S("--XX\r\nContent-Disposition: form-data; name=\"a\r\n\r\n1\r\n--XX--"), E_BAD_REQUEST, "上传内容的名称写法不对");
}

static Str body_of(Arena *a, size_t parts, size_t header)
{
    Buf b = buf_new(a, 1 << 20);
    for (size_t i = 0; i < parts; i++) {
        buf_add(&b, S("--XX\r\n" FIELD("a")));
        if (header != 0) {
            size_t used = strlen(FIELD("a")) + strlen("X: \r\n");
            buf_printf(&b, "X: %0*d\r\n", (int)(header - used), 0);
        }
        buf_add(&b, S("\r\n1\r\n"));
    }
    buf_add(&b, S("--XX--"));
    return buf_str(&b);
}

static void limits_hold_exactly(void **state)
{
    Cx cx;
    cx_init(&cx, *state);
    must_read(&cx, TYPE, body_of(cx.mem, 200, 0), 200);
    must_refuse(*state, TYPE, body_of(cx.mem, 201, 0), E_BAD_REQUEST, "上传内容的部分太多（至多 200 个）");
    must_read(&cx, TYPE, body_of(cx.mem, 1, 4096), 1);
    must_refuse(*state, TYPE, body_of(cx.mem, 1, 4097), E_BAD_REQUEST, "上传内容的头部太长");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(fields_and_files_are_told_apart), TEST(binary_data_comes_out_byte_for_byte), TEST(the_boundary_inside_data_is_data),
        TEST(preamble_and_epilogue_are_ignored), TEST(file_names_lose_folders_and_control_characters), TEST(plain_fields_are_text),
        TEST(the_boundary_may_be_quoted), TEST(broken_bodies_are_refused), TEST(limits_hold_exactly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
