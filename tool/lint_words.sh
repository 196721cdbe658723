#!/usr/bin/env bash
# Words: below floor 6 the engine knows no word of any plan. What it would say about brands it must read from the pack.
# Prints one line a fault, then "N passed, N failed", counted in files.
set -euo pipefail
cd "$(dirname "$0")/.."
dirs=()
for module in base fmt db net pack paper rule match store job page; do
  [ -d "src/$module" ] && dirs+=("src/$module")
done
find "${dirs[@]}" -type f \( -name '*.[ch]' -o -name meson.build \) | LC_ALL=C sort | perl -e '
    # English words stand alone or as a part of an identifier (brand_id, brandList, BRAND): any spelling, not inside another word.
    my @english = qw(brand brands subsidy subsidies honour honours maturity recognition enterprise enterprises labour laborer
                     survey surveys catalogue reward rewards poverty neimenggu mongolia);
    my @chinese = qw(品牌 劳务 补贴 补助 摸底 台账 荣誉 奖补 以奖代补 脱贫 培训 技能 就业 务工 龙头 引领 认定 人社 旗县 盟市 内蒙古 自治区 成熟程度);
    my $english = join "|", map { my $cap = ucfirst $_; "(?<![A-Za-z])\Q$_\E(?![a-z])|\Q$cap\E(?![a-z])|(?<![A-Z])\Q" . uc($_) . "\E(?![A-Z])" } @english;
    my $chinese = join "|", @chinese;
    my ($passed, $failed) = (0, 0);
    while (my $file = <STDIN>) {
        chomp $file;
        open my $in, "<", $file or die "$file: $!\n";
        my $faults = 0;
        while (<$in>) {
            while (/($english|$chinese)/g) { print "$file:$.: a word of the plan: $1\n"; $faults++ }
        }
        close $in;
        $faults ? $failed++ : $passed++;
    }
    print "$passed passed, $failed failed\n";
    exit($failed ? 1 : 0);
'
