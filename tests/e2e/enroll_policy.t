#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: the policy that `handseal enroll` writes: once, never over what is there, and
# what is said where it cannot be written. Real helper, software key.
test_description='the default policy of handseal enroll'
. "$(dirname "$0")/../lib/e2e.sh"
hs_ns "$0" "$@"
hs_init "$@"

roots=$XDG_CONFIG_HOME/handseal/roots
policy=$XDG_CONFIG_HOME/handseal/policy

enroll() { timeout 60 handseal enroll --device "softkey:$HS_TMP/blue.sock" "$@"; }
# field FILE PERL: what PERL makes of the JSON $j
field() {
	perl -MJSON::PP -e 'local $/; open my $f, "<", shift or die; my $j = decode_json(<$f>);
		my $v = eval shift; die $@ if $@; print $v, "\n"' "$1" "$2"
}

test_expect_success 'a software key that is always touched' 'hs_softkey_start blue && hs_softkey blue auto on'
test_expect_success 'the first one writes the commented policy, which is right and allows nothing' '
	enroll --name blue >out && grep -F "Wrote $policy. It allows nothing yet" out && test "$(stat -c %a "$policy")" = 600 && handseal policy check >out 2>err && ! grep . err &&
	grep "^Agent unknown" "$policy" && ! grep "^Scope" "$policy"
'
test_expect_success 'a policy that is there is never written over, not even through a dangling link' '
	echo "# mine" >"$policy" && enroll --name mine >out && ! grep "$policy" out && grep -x "# mine" "$policy" &&
	rm "$policy" && ln -s "$HS_TMP/elsewhere" "$policy" && rm "$roots/mine" && enroll --name mine >out &&
	! grep "Wrote" out && test ! -e "$HS_TMP/elsewhere" && rm "$policy" "$roots/mine" &&
	enroll --name mine --json >out 2>err && test "$(field out "\$j->{policy}")" = "$policy" && test -s "$policy" &&
	rm "$roots/mine"
'
test_expect_success 'a policy that cannot be written: said, and the root is enrolled' '
	conf=$XDG_CONFIG_HOME/handseal && mv "$policy" kept && mkdir fresh && chmod 700 fresh &&
	mount --bind "$conf" "$conf" && mount -o remount,bind,ro "$conf" && mount --bind fresh "$roots" && {
		enroll --name mine >out 2>err && grep "no policy was written: .*Read-only" err && ! grep Wrote out &&
			test -e "$roots/mine"
		rc=$?
	} && umount "$roots" && umount "$conf" && mv kept "$policy" && test $rc = 0
'

test_done
