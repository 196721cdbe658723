// pgpair.mjs - a monitor, a primary and a synchronous standby kept by Debian's pg_auto_failover in a folder, on free ports of 127.0.0.1, with short
// timeouts. Root cannot run a server: then the user `postgres` of the package does.
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { execFileSync, spawn } from 'node:child_process';

const pause = (ms) => new Promise((f) => setTimeout(f, ms));
function freePort() {
  return new Promise((done) => { const s = net.createServer().listen(0, '127.0.0.1', () => { const { port } = s.address(); s.close(() => done(port)); }); });
}

export class Pair {
  constructor(dir) {
    this.dir = dir;
    fs.mkdirSync(dir, { mode: 0o755 });
    const root = process.getuid() === 0;
    const bin = fs.readdirSync('/usr/lib/postgresql').map(Number).sort((a, b) => b - a).map((v) => `/usr/lib/postgresql/${v}/bin`)[0];
    if (root) execFileSync('chown', ['postgres', dir]);
    this.as = root ? ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups'] : [];
    this.bin = bin;
    // nothing of the caller's PG… settings: pg_autoctl obeys them
    this.env = { PATH: `${bin}:/usr/bin:/bin`, HOME: dir, LC_ALL: 'C.UTF-8', XDG_CONFIG_HOME: `${dir}/config`, XDG_DATA_HOME: `${dir}/share`, XDG_RUNTIME_DIR: `${dir}/run`, PG_CONFIG: '' };
    delete this.env.PG_CONFIG;
    this.procs = {};
  }
  sh(...words) { return execFileSync([...this.as, ...words][0], [...this.as, ...words].slice(1), { env: this.env, cwd: this.dir, stdio: ['ignore', 'pipe', 'pipe'], timeout: 60000 }).toString(); }
  keep(name) {
    const words = [...this.as, 'pg_autoctl', 'run', '--pgdata', `${this.dir}/${name}`];
    const log = fs.openSync(`${this.dir}/${name}.log`, 'a');
    this.procs[name] = spawn(words[0], words.slice(1), { env: this.env, cwd: this.dir, stdio: ['ignore', log, log] });
    fs.closeSync(log);
  }
  async until(what, test) {
    for (const end = Date.now() + 90000; Date.now() < end; await pause(200)) try { if (test()) return; } catch { /* not yet */ }
    throw new Error(`pair: not ${what}: ${['m', 'a', 'b'].map((n) => { try { return fs.readFileSync(`${this.dir}/${n}.log`, 'utf8').split('\n').slice(-6).join('\n'); } catch { return ''; } }).join('\n')}`);
  }
  monitor(sql) { return this.sh('psql', '-qAt', '-h', '127.0.0.1', '-p', String(this.ports.m), '-U', 'autoctl_node', 'pg_auto_failover', '-c', sql).trim(); }
  states() { return this.monitor("select string_agg(reportedstate::text, ' ' order by nodeid) from pgautofailover.node"); }
  /** Returns how long it took. */
  async up() {
    const began = performance.now();
    this.ports = { m: await freePort(), a: await freePort(), b: await freePort() };
    const common = (n) => ['--pgdata', `${this.dir}/${n}`, '--pgport', String(this.ports[n]), '--hostname', '127.0.0.1', '--auth', 'trust', '--no-ssl'];
    const tune = (n) => { // listens on 127.0.0.1 and in the folder, everybody here is trusted
      fs.appendFileSync(`${this.dir}/${n}/pg_hba.conf`, 'local all all trust\nhost all all 127.0.0.1/32 trust\nhost replication all 127.0.0.1/32 trust\n');
      fs.appendFileSync(`${this.dir}/${n}/postgresql.conf`, `listen_addresses = '127.0.0.1'\nlog_min_messages = fatal\n`);
    };
    this.sh('pg_autoctl', 'create', 'monitor', ...common('m'));
    tune('m');
    fs.appendFileSync(`${this.dir}/m/postgresql.conf`, 'pgautofailover.health_check_period = 1000\npgautofailover.health_check_timeout = 1000\npgautofailover.health_check_max_retries = 1\npgautofailover.health_check_retry_delay = 500\npgautofailover.node_considered_unhealthy_timeout = 3000\npgautofailover.primary_demote_timeout = 3000\n');
    this.keep('m');
    await this.until('a monitor', () => this.monitor('select 1') === '1');
    const uri = `postgres://autoctl_node@127.0.0.1:${this.ports.m}/pg_auto_failover`;
    this.sh('pg_autoctl', 'create', 'postgres', ...common('a'), '--monitor', uri, '--dbname', 'tamga', '--username', 'tamga', '--name', 'a');
    tune('a');
    this.keep('a');
    await this.until('single', () => this.states() === 'single');
    this.sh('pg_autoctl', 'create', 'postgres', ...common('b'), '--monitor', uri, '--dbname', 'tamga', '--username', 'tamga', '--name', 'b');
    this.keep('b');
    await this.until('a pair', () => this.states() === 'primary secondary');
    this.primary = 'a';
    this.address = `postgresql://tamga@127.0.0.1:${this.ports.a},127.0.0.1:${this.ports.b}/tamga?target_session_attrs=read-write&connect_timeout=3`;
    return performance.now() - began;
  }
  say() {
    const name = this.primary;
    try { return `${this.monitor("select string_agg(nodename || '=' || reportedstate::text || '/' || goalstate::text, ' ' order by nodeid) from pgautofailover.node")}; ${this.sh('psql', '-qAt', '-h', '127.0.0.1', '-p', String(this.ports[name]), '-U', 'tamga', 'tamga', '-c', "select 'standbys ' || current_setting('synchronous_standby_names') || ', readonly ' || current_setting('default_transaction_read_only')", '-c', "select pid, state, wait_event, left(query, 60) from pg_stat_activity where state <> 'idle'")}`; } catch (e) { return e.message; }
  }
  async settled() { await this.until('a pair again', () => ['primary secondary', 'secondary primary'].includes(this.states())); }
  family(pid) {
    let kids = '';
    try { kids = execFileSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { stdio: ['ignore', 'pipe', 'ignore'] }).toString().trim(); } catch { /* none */ }
    return kids ? kids.split(/\s+/).map(Number).flatMap((k) => [k, ...this.family(k)]) : [];
  }
  all(pid) { return [pid, ...this.family(pid)]; } // helpers left alone would start the server again
  async end(name, after = 0) {
    const pids = this.all(this.procs[name].pid);
    try { pids.push(...this.all(Number(fs.readFileSync(`${this.dir}/${name}/postmaster.pid`, 'utf8').split('\n')[0]))); } catch { /* none */ }
    if (after) await pause(after); // looking for them held the clients up
    for (const pid of new Set(pids)) try { process.kill(pid, 'SIGKILL'); } catch { /* gone */ }
    delete this.procs[name];
  }
  /** The keeper of the primary, its helpers and the server, all at once: as if the machine was lost. */
  async kill() { this.dead = this.primary; await this.end(this.primary, 40); this.primary = this.primary === 'a' ? 'b' : 'a'; }
  revive() { fs.rmSync(`${this.dir}/${this.dead}/postmaster.pid`, { force: true }); this.keep(this.dead); }
  /** Until the other takes writes. */
  async writable() {
    for (const end = Date.now() + 90000; Date.now() < end; await pause(50)) {
      try {
        if (this.sh('psql', '-qAt', '-h', '127.0.0.1', '-p', String(this.ports[this.primary]), '-U', 'tamga', 'tamga', '-c', 'create table if not exists w (n int)', '-c', 'insert into w values (1) returning 1').includes('1')) return;
      } catch { /* not yet */ }
    }
    throw new Error('pair: the standby did not take over');
  }
  async down() { for (const name of Object.keys(this.procs)) await this.end(name); await pause(100); }
}
