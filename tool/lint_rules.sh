#!/usr/bin/env bash
# The rules for statements on a database spread by home: the checker finds deliberately wrong ones. The statements themselves are checked after the
# tests that prepare them: node tool/sql_rules.mjs check build/sql.log
cd "$(dirname "$0")/.." && exec node tool/sql_rules.mjs selftest
