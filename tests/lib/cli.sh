# SPDX-License-Identifier: ISC
#
# What the tests of the `handseal` command share, behind e2e.sh and before hs_ns: running one and
# looking at what it said, and a daemon that lies in place of the real one. It states no test.

# does STATUS TEXT CMD...: exits with STATUS, says TEXT, nothing raw; stdout in out, stderr in err
does() {
	does_status=$1 does_text=$2
	shift 2
	test_expect_code $does_status "$@" >out 2>err </dev/null &&
		cat out err | grep -a -e "$does_text" >/dev/null && clean || { cat out err && false; }
}
clean() { ! LC_ALL=C grep -a -l "[$(printf '\001-\010\013-\037\177')]" out err; }
usage() { # usage ARG...: exit 2, with the synopsis
	does 2 "^usage: handseal" handseal "$@"
}
# field FILE PERL: what PERL makes of the JSON $j
field() {
	perl -MJSON::PP -e 'local $/; open my $f, "<", shift or die; my $j = decode_json(<$f>);
		my $v = eval shift; die $@ if $@; print $v, "\n"' "$1" "$2"
}
# is FILE PERL: true of the JSON $j
is() { test "$(field "$1" "($2) ? 1 : 0")" = 1; }
# hostile HOW [UPSTREAM [FILE]]: HANDSEAL_SOCK is a daemon that lies
hostile() {
	fake=$HS_TMP/fake.sock
	hs_stop hostile && rm -f "$fake" "$fake.asked" "$fake.answers" "$HS_TMP/hostile.log" &&
		hs_spawn hostile "$HS_SRC/tests/lib/hostile-agent" "$fake" "$@" &&
		hs_wait_for "grep -qs ready '$HS_TMP/hostile.log' || ! hs_alive hostile" 10 &&
		hs_alive hostile && HANDSEAL_SOCK=$fake
}
honest() {
	hs_stop hostile
	HANDSEAL_SOCK=$XDG_RUNTIME_DIR/handseal/agent.sock
}
