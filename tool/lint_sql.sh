#!/usr/bin/env bash
# SQL and HTML are never built from text: no printf-like call holds a piece of either, a statement is a literal of the program or comes from
# db/sql.c, the text of a statement under construction is touched by db/sql.c alone, and markup stands in view/ and the renderer only.
# Prints one line a fault, then "N passed, N failed", counted in files.
set -euo pipefail
cd "$(dirname "$0")/.."
find src -type f -name '*.[ch]' | LC_ALL=C sort | perl -0777 -e '
    # Who may do it all the same, and why.
    my %statement = (
        "src/db/bulk.c" => "the policies of a table lifted and put back: statements out of the builder (sql_lit, sql_ident)",
        "src/db/db.c" => "a script of the driver table, given as a C string",
        "src/db/stmt.c" => "the engine itself: where db_stmt stands",
        "src/db/tables.c" => "the statements of the driver table about what a database holds, given as C strings",
        "src/db/tx.c" => "begin, commit, savepoints: statements of the driver table and of its own, given as C strings",
        "src/db/sql.c" => "the builder: its text holds literals, checked identifiers and ?N only",
        "src/store/schema.c" => "run_ddl: table definitions out of the builder (sql_lit, sql_ident)",
    );
    # Besides: TypeSql.columns, the column list that store/schema.c makes once from checked identifiers, may be added as it is.
    my %building = ("src/db/bulk.c" => "hands the built text of COPY over", "src/db/sql.c" => "the builder", "src/db/sql.h" => "the builder", "src/store/schema.c" => "run_ddl hands the built text over");
    my %markup = (
        "src/fmt/html.c" => "escapes and typed leaves: <time>, <a>",
        "src/fmt/mustache_html.c" => "the scanner that knows where in a page a value stands",
        "src/fmt/mustache_parse.c" => "the compiler of templates: the nonce it stamps",
    );
    my $lit = qr/"(?:[^"\\]|\\.)*"/s;
    # The arguments of the call whose "(" is before pos, split at top-level commas.
    sub args {
        my ($text, $at) = @_;
        my ($depth, $from, @args) = (1, $at);
        pos($text) = $at;
        while ($text =~ /\G(?:($lit)|(\x27(?:[^\x27\\]|\\.)*\x27)|([(\[{])|([)\]}])|(,)|[^"\x27(\[{)\]},]+)/gc) {
            if (defined $3) { $depth++ }
            elsif (defined $4) {
                if (--$depth == 0) { push @args, substr($text, $from, pos($text) - 1 - $from); return @args }
            } elsif (defined $5 && $depth == 1) { push @args, substr($text, $from, pos($text) - 1 - $from); $from = pos($text) }
        }
        return @args;
    }
    sub literal { # S("…" MACRO "…"), or a choice between such
        my $s = shift;
        my $one = qr/S\(\s*(?:$lit|[A-Z][A-Z0-9_]*|\s)+\)/s;
        return $s =~ /^\s*$one\s*$/s || $s =~ /^[^?:]*\?\s*$one\s*:\s*$one\s*$/s;
    }
    my ($passed, $failed) = (0, 0);
    for my $file (split /\n/, <STDIN>) {
        open my $in, "<", $file or die "$file: $!\n";
        my $text = <$in> // "";
        close $in;
        # Comments to blanks, lines kept.
        $text =~ s{($lit)|/\*.*?\*/|//[^\n]*}{defined $1 ? $1 : do { my $c = $&; $c =~ s/[^\n]//g; $c }}gse;
        my $faults = 0;
        my $fault = sub { my ($at, $what) = @_; my $line = 1 + (substr($text, 0, $at) =~ tr/\n//); print "$file:$line: $what\n"; $faults++ };
        while ($text =~ /\b(\w*printf)\s*\(/g) {
            my ($name, $at) = ($1, $-[0]);
            my @args = args($text, $+[0]);
            my $all = join ",", @args;
            my $words = join "", map { substr $_, 1, -1 } $all =~ /($lit)/g;
            $fault->($at, "$name builds SQL") if $words =~ /\b(select\s.+\sfrom|insert\s+into|update\s+\S+\s+set|delete\s+from|create\s+(table|index|unique)|order\s+by|group\s+by|where\s+\S+\s*(=|<|>|in\b|like\b))/is;
            $fault->($at, "$name builds HTML") if $file !~ m{^src/(fmt/xlsx_|paper/docx)} && $words =~ m{</?[a-z!][a-z0-9]*[\s>/]}i;
        }
        while ($text =~ /\bdb_(stmt|script)\s*\(/g) {
            my ($name, $at) = ("db_$1", $-[0]);
            next if $statement{$file} || $file =~ /\.h$/;
            my @args = args($text, $+[0]);
            my $last = $args[-1];
            my $fine = $name eq "db_stmt" ? literal($last) : $last =~ /^\s*(?:$lit|[A-Z][A-Z0-9_]*|\s)+$/s;
            $last =~ s/\s+/ /g;
            $fault->($at, "$name with something else than a literal: $last") unless $fine;
        }
        if (!$building{$file}) {
            $fault->($-[0], "touches the text of a statement: use sql_lit, sql_ident, sql_text, sql_int") while $text =~ /\bbuf_\w+\s*\(\s*&\s*\(?\s*(?:q|sql|query)\s*\)?\s*->\s*text\b(?!,\s*[\w>.\[\]-]+\bcolumns\))/g;
        }
        if (!$markup{$file} && $file !~ m{^src/(?:fmt/xlsx_\w+|paper/docx\w*)\.c$}) { # parts of workbooks and docx are XML, no page; their texts are escaped there
            while ($text =~ /($lit)/g) {
                my ($word, $at) = ($1, $-[0]);
                next if substr($text, 0, $at) =~ /#\s*include\s*$/;
                $fault->($at, "markup in C: write a template: $word") if $word =~ m{</?[a-zA-Z][a-zA-Z0-9-]*(?:\s[^"]*)?/?>|<[a-zA-Z]+\s+\w+=};
            }
        }
        $faults ? $failed++ : $passed++;
    }
    print "$passed passed, $failed failed\n";
    exit($failed ? 1 : 0);
'
