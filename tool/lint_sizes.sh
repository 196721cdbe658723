#!/usr/bin/env bash
# Sizes: no file of src/ above 800 lines, no function above 80. A function begins at a line "{" in the first column (or, for a short one,
# a line ending in "{" that opens a parameter list in the first column) and ends at "}" in the first column.
# Prints one line a fault, then "N passed, N failed", counted in files.
set -euo pipefail
cd "$(dirname "$0")/.."
find src -type f -name '*.[ch]' | LC_ALL=C sort | perl -e '
    my ($passed, $failed) = (0, 0);
    while (my $file = <STDIN>) {
        chomp $file;
        open my $in, "<", $file or die "$file: $!\n";
        my ($faults, $start, $head, $name) = (0, 0, 0, "");
        while (<$in>) {
            if (!$start && /^[A-Za-z_].*?(\w+)\(/ && !/;\s*$/ && !/^#/) { $head = $.; $name = $1 }
            if (!$start && $head && (/^\{/ || (/\)\s*\{\s*$/ && !/^\s*#/))) { $start = $head }
            if (!$start && /;\s*$/) { $head = 0 }
            if ($start && /^\}/) {
                my $lines = $. - $start + 1;
                if ($lines > 80) { print "$file:$start: $name has $lines lines (80 are allowed)\n"; $faults++ }
                ($start, $head) = (0, 0);
            }
        }
        if ($. > 800) { print "$file: $. lines (800 are allowed)\n"; $faults++ }
        close $in;
        $faults ? $failed++ : $passed++;
    }
    print "$passed passed, $failed failed\n";
    exit($failed ? 1 : 0);
'
