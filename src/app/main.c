/*
 * main.c - the commands of tamga, their options and exit statuses (err.h: the status of a failure).
 */
#include <getopt.h>
#include <stddef.h>
#include <unistd.h>

#include "app/app.h"
#include "base/log.h"
#include "job/press.h"

static const Command COMMANDS[] = {
    {"init", cmd_init, "init --data DIR [--db 数据库地址] [--pack DIR] [--profile 合规档案] [--demo]",
     "建立数据文件夹（--demo：演示数据和演示账户；--db postgresql://…：记录存到 PostgreSQL，地址记在数据文件夹的 db 文件里）"},
    {"serve", cmd_serve, "serve --data DIR [--db 数据库地址] [--listen 地址:端口] [--url 对外网址] [--view DIR] [--assets DIR] [--workers N] [--per-address N] [--log-level 级别] [--scan 命令] [--behind-proxy] [--security-contact mailto:…]",
     "启动服务（--db：数据文件夹还没有数据库时，记下这个 PostgreSQL 地址并使用它；--behind-proxy：前面有本机的反向代理，访问者的地址取它写的 X-Forwarded-For 最后一项；--workers：同时办理的请求数，默认 8；--per-address：一个地址最多的连接数，默认 256；--log-level：debug info warn error，运行中 SIGUSR1 更详、SIGUSR2 更简；--security-contact：写进 security.txt 的安全联系方式）"},
    {"pack", cmd_pack, "pack check DIR", "检查策略包，逐条指出文件、行、列"},
    {"import", cmd_import, "import --data DIR --type T --as 登录名 FILE [--dry-run] [--report OUT.xlsx]", "导入电子表格"},
    {"export", cmd_export, "export --data DIR --type T [--as 登录名] [--where 字段=值] -o FILE.{csv,xlsx}", "导出电子表格"},
    {"verify", cmd_verify, "verify --data DIR [--anchor 检查点文件 [--keys keys.json]] [--chains]",
     "核对全部操作记录和数据（--anchor：对照外部保存的检查点；--chains：只核对指纹链）"},
    {"checkpoint", cmd_checkpoint, "checkpoint --data DIR", "给操作记录签一个检查点，写到标准输出和数据文件夹的 anchor 文件指定的地方"},
    {"reseal", cmd_reseal, "reseal --data DIR", "把个人信息改用现在设定的算法和每条记录自己的密钥重新加密"},
    {"verify-certificate", cmd_verify_certificate,
     "verify-certificate 文件或文字 (--keys keys.json | --data DIR) [--revoked 撤销名单] [--at 日期]", "核对一份证书：签名、有效期、是否撤销"},
    {"bundle", cmd_bundle, "bundle 类型 编号 OUT.zip --data DIR [--as 登录名] [--reason 查看个人信息的事由] [--url 对外网址] [--view DIR]",
     "证据包：一条记录和它的全部材料、历史、抽签、评分，带签名，一个文件"},
    {"verify-bundle", cmd_verify_bundle, "verify-bundle FILE.zip [--keys keys.json | --data DIR]",
     "核对证据包：签名、每个文件、指纹链、公开日志，重新抽签、重新算分"},
    {"backup", cmd_backup, "backup --data DIR FILE [--no-verify]", "运行中备份到一个文件，再恢复出来核对一遍（--no-verify：不核对）"},
    {"restore", cmd_restore, "restore --data DIR FILE", "从备份恢复到一个新的数据文件夹"},
    {"move", cmd_move, "move --from sqlite:DIR|postgresql://… --to postgresql://…|sqlite:DIR [--data DIR] [--check]",
     "把全部记录搬到另一个数据库（--data：PostgreSQL 那一边的数据文件夹，不写就是同一个文件夹；--check：只核对两边是否相同）"},
    {"user", cmd_user, "user add|passwd|token|roles|factor --data DIR …",
     "管理用户：add 登录名 --name 姓名 --org 单位 --role 角色；passwd 登录名；token 登录名 --scope read|write|export；roles 登录名 --role 角色 --reason 理由；"
     "factor 登录名 --reason 理由（重置动态码）"},
    {"first", cmd_first, "first --data DIR [系统管理员登录名:姓名 安全管理员登录名:姓名 审计管理员登录名:姓名]",
     "首次启动：显示新的一次性令牌；写明三个人的，从标准输入读三行初始口令，直接建立三个管理员"},
    {"settings", cmd_settings, "settings --data DIR [--profile default|cn-mlps3|asvs-l2] [--days 天数]",
     "显示或设定登录、口令和授权的合规档案，以及登录失败记录的保留天数（不少于 180）"},
    {"doctor", cmd_doctor, "doctor --data DIR", "检查设置、磁盘、时钟、权限和数据库"},
};

static void help(FILE *to)
{
    fprintf(to, "用法：tamga 命令 [选项]\n\n");
    for (size_t i = 0; i < ARRAY_LEN(COMMANDS); i++) {
        fprintf(to, "  tamga %s\n      %s\n", COMMANDS[i].usage, COMMANDS[i].summary);
    }
    fprintf(to, "\n退出状态：0 成功，2 写法或数据不对，3 没有权限，4 没有找到，5 冲突，7 策略包有错，8 核对不通过，其他为系统出错。\n");
}

/* Every option, once: its word, what follows it, and where that goes. */
typedef enum { OPT_TEXT, OPT_NUMBER, OPT_FLAG } OptKind;
static const struct {
    const char *word;
    OptKind kind;
    size_t at;
} OPTIONS[] = {
#define TEXT(word, field) {word, OPT_TEXT, offsetof(Options, field)}
#define NUMBER(word, field) {word, OPT_NUMBER, offsetof(Options, field)}
#define FLAG(word, field) {word, OPT_FLAG, offsetof(Options, field)}
    TEXT("data", data), TEXT("db", db), TEXT("pack", pack), TEXT("listen", listen), TEXT("type", type), TEXT("as", as), TEXT("where", where),
    TEXT("out", out), TEXT("report", report), TEXT("role", role), TEXT("org", org), TEXT("name", name), TEXT("scope", scope), TEXT("view", view),
    TEXT("assets", assets), TEXT("url", url), TEXT("keys", keys), TEXT("revoked", revoked), TEXT("at", at), TEXT("scan", scan), TEXT("reason", reason),
    TEXT("log-level", log_level), TEXT("security-contact", security_contact), TEXT("profile", profile), TEXT("anchor", anchor), TEXT("to", to),
    TEXT("from", from), NUMBER("workers", workers), NUMBER("days", days), NUMBER("per-address", per_address), FLAG("demo", demo),
    FLAG("dry-run", dry_run), FLAG("strict", strict), FLAG("quiet", quiet), FLAG("behind-proxy", behind_proxy), FLAG("check", check),
    FLAG("no-verify", no_verify), FLAG("chains", chains), FLAG("help", help),
#undef TEXT
#undef NUMBER
#undef FLAG
};
#define OPT_FIRST 256 /* what getopt_long gives for OPTIONS[0] */

static bool read_number(const char *text, long *ret)
{
    int64_t v;
    if (!str_int(str_c(text), &v) || v < 0 || v > 100000) {
        return false;
    }
    *ret = (long)v;
    return true;
}

static bool take(Cx *cx, size_t i, Options *o)
{
    char *place = (char *)o + OPTIONS[i].at;
    switch (OPTIONS[i].kind) {
    case OPT_TEXT:
        *(const char **)(void *)place = optarg;
        return true;
    case OPT_NUMBER:
        return read_number(optarg, (long *)(void *)place) || fail(cx, E_USAGE, "“%s”不是可用的数字", optarg);
    default:
        *(bool *)(void *)place = true;
        return true;
    }
}

static bool read_options(Cx *cx, int argc, char **argv, Options *o)
{
    struct option words[ARRAY_LEN(OPTIONS) + 1] = {0};
    for (size_t i = 0; i < ARRAY_LEN(OPTIONS); i++) {
        words[i] = (struct option){OPTIONS[i].word, OPTIONS[i].kind == OPT_FLAG ? no_argument : required_argument, NULL, OPT_FIRST + (int)i};
    }
    opterr = 0;
    for (int c; (c = getopt_long(argc, argv, "o:", words, NULL)) != -1;) {
        if (c == '?') {
            return fail(cx, E_USAGE, "不认识的选项或缺少值：%s", argv[optind - 1]);
        }
        if (c == 'o') {
            o->out = optarg;
        } else if (!take(cx, (size_t)(c - OPT_FIRST), o)) {
            return false;
        }
    }
    for (int i = optind; i < argc; i++) {
        if (o->n_words == (int)ARRAY_LEN(o->words)) {
            return fail(cx, E_USAGE, "参数太多");
        }
        o->words[o->n_words++] = argv[i];
    }
    return true;
}

int main(int argc, char **argv)
{
    if (argc < 2 || str_eq(str_c(argv[1]), S("--help")) || str_eq(str_c(argv[1]), S("help"))) {
        help(argc < 2 ? stderr : stdout);
        return argc < 2 ? err_info(E_USAGE)->exit_status : 0;
    }
    if (argc == 2 && str_eq(str_c(argv[1]), S("press"))) { /* a worker of the server (job/press.h), not for people */
        press_work();
    }
    const Command *command = NULL;
    for (size_t i = 0; i < ARRAY_LEN(COMMANDS); i++) {
        if (str_eq(str_c(argv[1]), str_c(COMMANDS[i].name))) {
            command = &COMMANDS[i];
        }
    }
    if (command == NULL) {
        fprintf(stderr, "没有“%s”这个命令。\n\n", argv[1]);
        help(stderr);
        return err_info(E_USAGE)->exit_status;
    }
    Arena *mem = arena_new((size_t)8 << 30);
    Cx cx;
    crypt_start();
    cx_init(&cx, mem);
    Options o = {0};
    bool ok = read_options(&cx, argc - 1, argv + 1, &o);
    if (ok && o.help) {
        printf("用法：tamga %s\n%s\n", command->usage, command->summary);
    } else if (ok) {
        ok = command->fn(&cx, &o);
    }
    int status = 0;
    if (!ok) {
        CHECK(cx.err != E_OK);
        fprintf(stderr, "tamga %s：%.*s\n", command->name, STRF(cx_text(&cx)));
        if (cx.err == E_USAGE) {
            fprintf(stderr, "用法：tamga %s\n", command->usage);
        }
        status = err_info(cx.err)->exit_status;
    }
    arena_free(mem);
    return status;
}
