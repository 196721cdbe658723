#!/bin/sh
# gen_pinyin.sh OUT.c - write the table of pinyin initials: one byte for each code point U+4E00..U+9FFF, '.' where none is known.
# The readings are ICU's (uconv of icu-devtools), one character a line, so that no word context changes them.
set -eu
out=$1
chars=$(mktemp)
trap 'rm -f "$chars" "$out.tmp"' EXIT
LC_ALL=C awk 'BEGIN {
    for (c = 19968; c <= 40959; c++)
        printf "%c%c%c\n", 224 + int(c / 4096), 128 + int(c / 64) % 64, 128 + c % 64
}' > "$chars"
uconv -f UTF-8 -t UTF-8 -x 'Han-Latin; Latin-ASCII; Lower' "$chars" | LC_ALL=C awk '
BEGIN {
    print "/* Written by tool/gen_pinyin.sh; not to be edited. */"
    print "extern const char pinyin_table[20993];"
    print "const char pinyin_table[20993] ="
}
{
    c = substr($0, 1, 1)
    line = line (c ~ /[a-z]/ ? c : ".")
    n++
    if (n % 96 == 0) { print "    \"" line "\""; line = "" }
}
END {
    if (n != 20992) { print "gen_pinyin: " n " characters instead of 20992" > "/dev/stderr"; exit 1 }
    print "    \"" line "\";"
}' > "$out.tmp"
mv "$out.tmp" "$out"
