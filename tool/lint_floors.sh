#!/usr/bin/env bash
# Floors: a module of src/ includes only itself and modules of lower floors. Siblings are strangers, features never include each other,
# private headers (*_int.h, *_impl.h, internal.h, driver.h) stay inside their module, a C library is used by the one module that wraps it.
# Prints one line a fault, then "N passed, N failed", counted in files.
set -euo pipefail
cd "$(dirname "$0")/.."
find src -type f -name '*.[ch]' | LC_ALL=C sort | perl -e '
    my %floor = (base => 0, fmt => 1, db => 1, net => 1, pack => 2, paper => 2, rule => 3, match => 3, store => 4, page => 5, job => 5, feature => 6, app => 7);
    my %home = ("sqlite3.h" => "db", "libpq-fe.h" => "db", "event2/" => "net", "llhttp.h" => "net", "expat.h" => "fmt", "zip.h" => "fmt",
                "xlsxwriter.h" => "fmt", "gcrypt.h" => "fmt", "jansson.h" => "fmt", "yaml.h" => "pack", "curl/curl.h" => "job",
                "pango/" => "paper", "cairo" => "paper", "qrencode.h" => "paper");
    my ($passed, $failed) = (0, 0);
    while (my $file = <STDIN>) {
        chomp $file;
        my @at = split m{/}, $file;
        my $module = $at[1];
        my $feature = $module eq "feature" && @at > 3 ? $at[2] : "";
        my $faults = 0;
        my $fault = sub { print "$file:$.: $_[0]\n"; $faults++ };
        open my $in, "<", $file or die "$file: $!\n";
        if (!exists $floor{$module}) { print "$file: no such module: name its floor in tool/lint_floors.sh\n"; $faults++ }
        while (<$in>) {
            if (/^\s*#\s*include\s*<([^>]+)>/) {
                my $header = $1;
                for my $lib (sort keys %home) {
                    my $same = $lib =~ m{/$} || $lib eq "cairo" ? index($header, $lib) == 0 : $header eq $lib;
                    $fault->("<$header> belongs to $home{$lib}") if $same && $home{$lib} ne $module;
                }
                next;
            }
            next unless /^\s*#\s*include\s*"([^"]+)"/;
            my $header = $1;
            my @to = split m{/}, $header;
            if (@to < 2) { $fault->("\"$header\": write the module too, as in \"$module/$header\""); next }
            my $other = $to[0];
            if (!exists $floor{$other}) { $fault->("\"$header\": unknown module"); next }
            if (!-f "src/$header") { $fault->("\"$header\": no such header") }
            my $private = $to[-1] =~ /(_int|_impl)\.h$|^(internal|driver)\.h$/;
            if ($other ne $module) {
                $fault->("\"$header\": $module (floor $floor{$module}) must not include $other (floor $floor{$other})")
                    if exists $floor{$module} && $floor{$other} >= $floor{$module};
                $fault->("\"$header\" is private to $other") if $private;
            } elsif ($module eq "feature" && @to > 2 && $feature ne "" && $to[1] ne $feature) {
                $fault->("\"$header\": feature $feature must not include feature $to[1]");
            }
        }
        close $in;
        $faults ? $failed++ : $passed++;
    }
    print "$passed passed, $failed failed\n";
    exit($failed ? 1 : 0);
'
