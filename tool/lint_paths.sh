#!/usr/bin/env bash
# What does not belong in the tree: paths of one machine, hosts of package registries, notes to do something later (those are issues).
# A script that calls mktemp may name a temporary folder. Prints one line a fault, then "N passed, N failed", counted in files.
set -euo pipefail
cd "$(dirname "$0")/.."
git -c core.quotepath=off ls-files --cached --others --exclude-standard | LC_ALL=C sort -u | perl -e '
    my ($passed, $failed) = (0, 0);
    while (my $file = <STDIN>) {
        chomp $file;
        next if !-f $file || -B $file || $file =~ m{^tool/lint_paths\.sh$|^LICENSE$|^test/fuzz/corpus/};
        open my $in, "<", $file or die "$file: $!\n";
        my @lines = <$in>;
        close $in;
        my $own = grep { /\bmktemp\b|\bmkdtemp\b|\bmkdtempSync\b/ } @lines;
        my ($faults, $n) = (0, 0);
        for (@lines) {
            $n++;
            my $fault = sub { print "$file:$n: $_[0]\n"; $faults++ };
            $fault->("a path of one machine: $1") if m{(?<![\w.$\}])(/work/|/work\b(?=["\x27\s])|/root/)};
            $fault->("a temporary path: ask mktemp, or P_tmpdir in C: $1") if !$own && m{(?<![\w.\$\}])(/tmp/)};
            $fault->("a package registry: $1") if m{(registry\.npmjs|registry\.yarnpkg|npmmirror|pypi\.org|crates\.io|deb\.debian\.org|proxy\.golang)};
            $fault->("to be done later: open an issue: $1") if m{\b(TODO|FIXME|XXX)\b(?!_)} && $file !~ /\.md$/;
        }
        $faults ? $failed++ : $passed++;
    }
    print "$passed passed, $failed failed\n";
    exit($failed ? 1 : 0);
'
