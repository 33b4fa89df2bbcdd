#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: the private world of tests/lib/e2e.sh works (a real ssh logs in to a real
# sshd), and nothing that happens in it is seen outside: no mount, process, user or folder.
test_description='the end-to-end harness'
. "$(dirname "$0")/../lib/e2e.sh"
hs_init "$@"

outside() {
	ls -ld /run/sshd "$HS_ROOT" /dev/log 2>&1
	grep -c . /etc/passwd
	id deploy 2>&1
	ls -a "$(dirname "$HS_LIBEXECDIR")" "$HS_LIBEXECDIR" 2>&1
	# mounts of this world's kind only: other programs on the machine mount as they like
	grep -E 'handseal|[ ](/run|/dev|/usr/local|/var/log|/etc/passwd) ' /proc/self/mountinfo
}

outside >before
HS_MARK=hs-mark-$$ "$HS_SRC/tests/lib/harness-inner.sh" >inner 2>inner.err
code=$?
if why=$(grep '^1\.\.0 # SKIP' inner); then
	skip_all=${why#*SKIP }
	test_done
fi

test_expect_success 'a login over sshd in the private world' '
	cat inner inner.err && test "$code" = 0 && grep "^# passed all" inner
'
test_expect_success 'mounts, users and folders outside are as before' '
	outside >after && test_cmp before after
'
test_expect_success 'no process of it is left' '
	! grep -l -a "HS_MARK=hs-mark-$$" /proc/[0-9]*/environ 2>/dev/null
'
test_expect_success 'its variables alone do not make a private world' '
	HS_OUTER_NS=mnt:[1] "$HS_SRC/tests/lib/harness-inner.sh" >again 2>&1 &&
	grep "^# passed all" again && outside >after && test_cmp before after
'
test_expect_success 'scratch folders of failed tests are removed, their logs kept' '
	cat >bad.t <<-EOF &&
	#!/bin/sh
	test_description=bad
	. "$HS_SRC/tests/lib/e2e.sh"
	hs_init
	echo "\$HS_TMP" >"$HS_TMP/where"
	test_expect_success bad "hs_spawn noisy sh -c \"echo noise; exec sleep 100\" &&
		hs_wait_for \"grep -q noise \$HS_TMP/noisy.log\" 5 && hs_pid noisy >\"$HS_TMP/pid\" && false"
	hs_done
	EOF
	mkdir build && test_expect_code 1 env HS_BUILD="$PWD/build" sh bad.t &&
	test ! -e "$(cat "$HS_TMP/where")" && ! hs_running_ "$(cat "$HS_TMP/pid")" &&
	grep noise build/e2e-logs/bad/noisy.log
'
hs_done
