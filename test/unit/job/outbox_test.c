/* outbox_test.c - the settings of the channels, the bytes of a mail, and a thread that loses nothing while the other side is away. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

#include "../store/flow.h"
#include "job/mail.h"
#include "job/outbox.h"
#include "store/contact.h"

#define MINUTE 60000LL

static void settings(Fixture *f, const char *text, mode_t mode)
{
    char path[128];
    snprintf(path, sizeof path, "%s/channels.yaml", f->dir);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

static bool reads(Fixture *f, Channels *ret)
{
    return channels_read(&f->cx, f->mem, str_printf(f->mem, "%s/channels.yaml", f->dir).p, ret);
}

static void without_the_file_nothing_is_on_and_with_it_what_it_names(void **state)
{
    Fixture *f = *state;
    Channels c;
    OK(reads(f, &c));
    assert_int_equal(c.on, 0);
    settings(f, "", 0600);
    OK(reads(f, &c));
    assert_int_equal(c.on, 0);
    settings(f, "mail: {server: 'smtp.example.org:587', from: tamga@example.org}\n", 0600);
    OK(reads(f, &c));
    assert_int_equal(c.on, CHANNEL_MAIL);
    SAME(c.mail.tls, "starttls"); /* encrypted unless somebody says otherwise */
    settings(f, "hook: {url: 'https://oa.example.org/in', secret: 0123456789abcdef}\nsms: {url: 'https://sms.example.org/', token: t}\n", 0600);
    OK(reads(f, &c));
    assert_int_equal(c.on, CHANNEL_SMS | CHANNEL_HOOK);
}

static void what_is_wrong_is_named_by_line_and_stops_the_start(void **state)
{
    Fixture *f = *state;
    static const char *const WRONG[][2] = {
        {"mail:\n  server: smtp.example.org\n  from: a@example.org\n", "channels.yaml:2:11"},
        {"mail:\n  server: 'smtp.example.org:25'\n", "缺少 from"},
        {"mail:\n  server: 'smtp.example.org:25'\n  from: tamga\n", "channels.yaml:3:9"},
        {"mail:\n  server: 'smtp.example.org:25'\n  from: a@example.org\n  tls: maybe\n", "channels.yaml:4:8"},
        {"mail:\n  server: 'smtp.example.org:25'\n  from: a@example.org\n  user: u\n", "缺少 password"},
        {"fax: {url: 'http://example.org'}\n", "不认识 fax"},
        {"sms:\n  url: 'file:///etc/passwd'\n  token: t\n", "channels.yaml:2:8"},
        {"sms:\n  url: 'https://example.org/'\n  token: \"a\\r\\nX: y\"\n", "channels.yaml:3:10"},
        {"hook:\n  url: 'https://example.org/'\n  secret: short\n", "至少 16"},
        {"mail: [", "channels.yaml:"},
    };
    Channels c;
    Outbox *o;
    for (size_t i = 0; i < ARRAY_LEN(WRONG); i++) {
        settings(f, WRONG[i][0], 0600);
        assert_false(reads(f, &c));
        assert_int_equal(f->cx.err, E_DATA);
        if (!str_contains(cx_text(&f->cx), str_c(WRONG[i][1]))) {
            print_error("%s -> %.*s\n", WRONG[i][1], STRF(cx_text(&f->cx)));
        }
        assert_true(str_contains(cx_text(&f->cx), str_c(WRONG[i][1])));
        cx_clear(&f->cx);
        REFUSED(E_DATA, outbox_start(&f->cx, f->s, S(""), 20, &o));
    }
    settings(f, "mail: {server: 'smtp.example.org:587', from: tamga@example.org}\n", 0640);
    REFUSED(E_DATA, reads(f, &c)); /* others could read the password */
}

static void a_mail_is_ascii_with_short_lines_and_its_words_cut_between_characters(void **state)
{
    Fixture *f = *state;
    Mail m = {.from = S("tamga@example.org"), .from_name = S("塔木嘎"), .to = S("shi@example.org"), .id = S("tamga.7"), .at_ms = 0,
              .subject = S("收到一件作品，请审看：剪纸剪纸剪纸剪纸剪纸剪纸\r\nBcc: x@example.org"), .body = S("正文\n")};
    Str text = mail_message(f->mem, &m);
    for (size_t i = 0, col = 0; i < text.n; i++) {
        assert_true((unsigned char)text.p[i] < 0x80);
        col = text.p[i] == '\n' ? 0 : col + 1;
        assert_true(col <= 79);
    }
    assert_false(str_contains(text, S("Bcc")));
    assert_true(str_starts(text, S("Date: Thu, 1 Jan 1970 08:00:00 +0800\r\nFrom: =?UTF-8?B?5aGU5pyo5ZiO?=\r\n <tamga@example.org>\r\n")));
    assert_true(str_contains(text, S("\r\nMessage-ID: <tamga.7@example.org>\r\n")));
    assert_true(str_contains(text, S("Subject: =?UTF-8?B?5pS25Yiw5LiA5Lu25L2c5ZOB77yM6K+35a6h55yL77ya5Ymq57q45Ymq?=\r\n =?UTF-8?B?")));
    assert_true(str_ends(text, S("\r\n\r\n5q2j5paHCg==\r\n")));
}

/* A port of this machine at which nobody answers: closed, or open and silent. */
static int silent(int *ret_port, bool listening)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t n = sizeof a;
    assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
    assert_true(!listening || listen(fd, 8) == 0);
    *ret_port = ntohs(a.sin_port);
    return fd;
}

static void one_waits(Fixture *f, int port)
{
    static const char *const WHO[][3] = {{"dong1", "E", "clerk"}, {"shi1", "M", "officer"}};
    Actor a[2];
    for (size_t i = 0; i < 2; i++) {
        int64_t id;
        OK(user_add(&f->cx, f->s, &f->system, str_c(WHO[i][0]), str_c(WHO[i][0]), pack_org(f->pack, str_c(WHO[i][1])), str_c(WHO[i][2]),
                    S("staub wolke lampe"), false, &id));
        OK(user_actor(&f->cx, f->s, id, &a[i]));
    }
    flow.clerk = a[0];
    OK(contact_set(&f->cx, f->s, &a[1], a[1].user, &(Contact){.email = S("shi@example.org"), .by_mail = true}));
    char text[200];
    snprintf(text, sizeof text, "mail: {server: '127.0.0.1:%d', tls: none, from: tamga@example.org}\n", port);
    settings(f, text, 0600);
}

static void tell(Fixture *f)
{
    Rec r = a_piece(f, "剪纸", "2", NULL);
    OK(step(f, &flow.clerk, &r, "send", ""));
}

static void wait_for(Fixture *f, const char *sql, int64_t n)
{
    for (int i = 0; i < 1000 && raw(f, sql) != n; i++) {
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
    assert_int_equal(raw(f, sql), n);
}

static void while_the_server_is_away_attempts_follow_the_pauses_and_nothing_is_lost(void **state)
{
    Fixture *f = *state;
    static const int64_t PAUSES[] = {1, 5, 30, 120, 720};
    int port, fd = silent(&port, false);
    Outbox *o;
    int64_t now = 1800000000000LL;
    clock_set(now);
    one_waits(f, port);
    OK(outbox_start(&f->cx, f->s, S(""), 10, &o));
    f->cx.now_ms = now;
    tell(f);
    for (size_t i = 0; i < ARRAY_LEN(PAUSES); i++) {
        wait_for(f, "select count(*) from outbox_try where ok = 0", (int64_t)i + 1);
        wait_for(f, "select count(*) from outbox where state = 'waiting'", 1);
        int64_t rounds = outbox_rounds(o);
        clock_set(now + PAUSES[i] * MINUTE - 1);
        for (int k = 0; k < 1000 && outbox_rounds(o) < rounds + 3; k++) {
            nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
        }
        assert_int_equal(raw(f, "select count(*) from outbox_try"), (int64_t)i + 1); /* not a moment early */
        now += PAUSES[i] * MINUTE;
        clock_set(now);
    }
    wait_for(f, "select count(*) from outbox where state = 'failed' and attempts = 6", 1);
    assert_int_equal(raw(f, "select count(*) from notice"), 1); /* in the program it was told at once */
    outbox_stop(o);
    close(fd);
}

static void stopping_breaks_off_a_silent_server_at_once_and_the_row_waits_untried(void **state)
{
    Fixture *f = *state;
    int port, fd = silent(&port, true);
    Outbox *o;
    one_waits(f, port);
    OK(outbox_start(&f->cx, f->s, S(""), 10, &o));
    tell(f);
    wait_for(f, "select count(*) from outbox where state = 'sending'", 1);
    nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
    int64_t before = clock_mono_ms();
    outbox_stop(o);
    assert_true(clock_mono_ms() - before < 2000);
    assert_int_equal(raw(f, "select count(*) from outbox where state = 'waiting' and attempts = 0"), 1);
    assert_int_equal(raw(f, "select count(*) from outbox_try"), 0);
    outbox_stop(NULL);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FT(without_the_file_nothing_is_on_and_with_it_what_it_names),
        FT(what_is_wrong_is_named_by_line_and_stops_the_start),
        FT(a_mail_is_ascii_with_short_lines_and_its_words_cut_between_characters),
        FT(while_the_server_is_away_attempts_follow_the_pauses_and_nothing_is_lost),
        FT(stopping_breaks_off_a_silent_server_at_once_and_the_row_waits_untried),
    };
    return cmocka_run_group_tests_name("job/outbox", tests, NULL, NULL);
}
