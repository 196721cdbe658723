/*
 * main.c - the commands of tamga, their options and exit statuses (err.h: the status of a failure).
 */
#include <getopt.h>
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

enum { OPT_DATA = 256, OPT_DB, OPT_PACK, OPT_DEMO, OPT_LISTEN, OPT_TYPE, OPT_AS, OPT_DRY, OPT_REPORT, OPT_WHERE, OPT_ROLE, OPT_ORG, OPT_NAME,
       OPT_SCOPE, OPT_VIEW, OPT_ASSETS, OPT_STRICT, OPT_WORKERS, OPT_DAYS, OPT_URL, OPT_KEYS, OPT_REVOKED, OPT_AT, OPT_SCAN, OPT_REASON, OPT_PROXY, OPT_PER_ADDRESS, OPT_LOG_LEVEL, OPT_FROM, OPT_TO, OPT_CHECK, OPT_NO_VERIFY, OPT_ANCHOR, OPT_CHAINS, OPT_PROFILE, OPT_CONTACT, OPT_HELP, OPT_QUIET };

static const struct option LONG[] = {
    {"data", required_argument, NULL, OPT_DATA},     {"db", required_argument, NULL, OPT_DB},
    {"pack", required_argument, NULL, OPT_PACK},
    {"demo", no_argument, NULL, OPT_DEMO},           {"listen", required_argument, NULL, OPT_LISTEN},
    {"type", required_argument, NULL, OPT_TYPE},     {"as", required_argument, NULL, OPT_AS},
    {"dry-run", no_argument, NULL, OPT_DRY},         {"report", required_argument, NULL, OPT_REPORT},
    {"where", required_argument, NULL, OPT_WHERE},   {"role", required_argument, NULL, OPT_ROLE},
    {"org", required_argument, NULL, OPT_ORG},       {"name", required_argument, NULL, OPT_NAME},
    {"scope", required_argument, NULL, OPT_SCOPE},   {"view", required_argument, NULL, OPT_VIEW},
    {"assets", required_argument, NULL, OPT_ASSETS}, {"strict", no_argument, NULL, OPT_STRICT},
    {"workers", required_argument, NULL, OPT_WORKERS}, {"days", required_argument, NULL, OPT_DAYS},
    {"help", no_argument, NULL, OPT_HELP},           {"quiet", no_argument, NULL, OPT_QUIET},
    {"out", required_argument, NULL, 'o'},           {"url", required_argument, NULL, OPT_URL},
    {"keys", required_argument, NULL, OPT_KEYS},     {"revoked", required_argument, NULL, OPT_REVOKED}, {"scan", required_argument, NULL, OPT_SCAN},
    {"at", required_argument, NULL, OPT_AT},         {"reason", required_argument, NULL, OPT_REASON},
    {"behind-proxy", no_argument, NULL, OPT_PROXY},
    {"from", required_argument, NULL, OPT_FROM},
    {"to", required_argument, NULL, OPT_TO},
    {"check", no_argument, NULL, OPT_CHECK},
    {"no-verify", no_argument, NULL, OPT_NO_VERIFY},
    {"anchor", required_argument, NULL, OPT_ANCHOR},
    {"chains", no_argument, NULL, OPT_CHAINS},
    {"profile", required_argument, NULL, OPT_PROFILE},
    {"security-contact", required_argument, NULL, OPT_CONTACT},
    {"per-address", required_argument, NULL, OPT_PER_ADDRESS}, {"log-level", required_argument, NULL, OPT_LOG_LEVEL},
    {NULL, 0, NULL, 0}};

static bool read_number(const char *text, long *ret)
{
    int64_t v;
    if (!str_int(str_c(text), &v) || v < 0 || v > 100000) {
        return false;
    }
    *ret = (long)v;
    return true;
}

static bool read_options(Cx *cx, int argc, char **argv, Options *o, bool *ret_help)
{
    const char **slots[OPT_QUIET + 1] = {[OPT_DATA] = &o->data,     [OPT_DB] = &o->db,         [OPT_PACK] = &o->pack,     [OPT_LISTEN] = &o->listen,
                                         [OPT_TYPE] = &o->type,     [OPT_AS] = &o->as,         [OPT_REPORT] = &o->report,
                                         [OPT_WHERE] = &o->where,   [OPT_ROLE] = &o->role,     [OPT_ORG] = &o->org,
                                         [OPT_NAME] = &o->name,     [OPT_SCOPE] = &o->scope,   [OPT_VIEW] = &o->view,
                                         [OPT_ASSETS] = &o->assets, [OPT_URL] = &o->url,     [OPT_KEYS] = &o->keys,
                                         [OPT_REVOKED] = &o->revoked, [OPT_SCAN] = &o->scan, [OPT_AT] = &o->at, [OPT_REASON] = &o->reason, [OPT_LOG_LEVEL] = &o->log_level,
                                         [OPT_CONTACT] = &o->security_contact,
                                         [OPT_PROFILE] = &o->profile,
                                         [OPT_ANCHOR] = &o->anchor,
                                         [OPT_TO] = &o->to,
                                         [OPT_FROM] = &o->from, ['o'] = &o->out};
    opterr = 0;
    for (int c; (c = getopt_long(argc, argv, "o:", LONG, NULL)) != -1;) {
        if (c == '?') {
            return fail(cx, E_USAGE, "不认识的选项或缺少值：%s", argv[optind - 1]);
        }
        if (c == OPT_DEMO) {
            o->demo = true;
        } else if (c == OPT_DRY) {
            o->dry_run = true;
        } else if (c == OPT_STRICT) {
            o->strict = true;
        } else if (c == OPT_CHECK) {
            o->check = true;
        } else if (c == OPT_NO_VERIFY) {
            o->no_verify = true;
        } else if (c == OPT_PROXY) {
            o->behind_proxy = true;
        } else if (c == OPT_CHAINS) {
            o->chains = true;
        } else if (c == OPT_QUIET) {
            o->quiet = true;
        } else if (c == OPT_HELP) {
            *ret_help = true;
        } else if (c == OPT_WORKERS || c == OPT_DAYS || c == OPT_PER_ADDRESS) {
            if (!read_number(optarg, c == OPT_WORKERS ? &o->workers : c == OPT_DAYS ? &o->days : &o->per_address)) {
                return fail(cx, E_USAGE, "“%s”不是可用的数字", optarg);
            }
        } else {
            *slots[c] = optarg;
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
    bool want_help = false;
    bool ok = read_options(&cx, argc - 1, argv + 1, &o, &want_help);
    if (ok && want_help) {
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
