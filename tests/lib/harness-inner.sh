#!/bin/sh
# SPDX-License-Identifier: ISC
#
# The part of tests/e2e/00-harness.t that runs inside the private world: a real login over a real
# sshd. It is not a test by itself: what it leaves outside is the question, asked by 00-harness.t.
test_description='inside the private world'
. "$(dirname "$0")/e2e.sh"
hs_ns "$0" "$@"
hs_init "$@"

test_expect_success 'no key hardware is visible, and users exist' '
	test -z "$(ls /dev | grep -E "hidraw|bus")" &&
	test "$(id -u deploy)" = 4001 && test "$(id -u other)" = 4002
'
test_expect_success 'the folders sshd looks at are root'\''s alone' '
	for d in /run "$HS_ROOT" "$HS_BIN" "$HS_SERVER" "$HS_TMP"; do
		test "$(stat -c %u:%a "$d")" = 0:755 || return 1
	done &&
	test -d "$HS_LIBEXEC" && test "$(stat -c %u:%a "$HS_LIBEXEC")" = 0:755
'
test_expect_success 'sshd starts' 'hs_sshd_start'

test_expect_success 'deploy logs in with a plain key' '
	ssh-keygen -q -t ed25519 -N "" -f "$HS_TMP/id" &&
	mkdir -m 700 "$HS_HOME_deploy/.ssh" &&
	cp "$HS_TMP/id.pub" "$HS_HOME_deploy/.ssh/authorized_keys" &&
	chown -R deploy:deploy "$HS_HOME_deploy/.ssh" &&
	test "$(hs_ssh -i "$HS_TMP/id" deploy@127.0.0.1 id -un)" = deploy &&
	grep "Accepted publickey for deploy" "$HS_TMP/sshd.log"
'
test_expect_success 'a login with a terminal is written down in here, not outside' '
	test -z "$(ls /var/log)" && : >/var/log/lastlog &&
	hs_ssh -i "$HS_TMP/id" -tt deploy@127.0.0.1 tty && test -s /var/log/lastlog
'
test_expect_success 'other does not' '
	test_expect_code 255 hs_ssh -i "$HS_TMP/id" other@127.0.0.1 id -un
'
test_expect_success 'what is logged can be read' '
	perl -MSys::Syslog=:standard,:macros -e "
		openlog(\"probe\", \"ndelay\", LOG_AUTH); syslog(LOG_INFO, \"hello\nthere\")" &&
	hs_wait_for "grep -q \"hello.*there\" \"\$HS_TMP/syslog\"" 5
'
test_expect_success 'hs_as changes the user' 'test "$(hs_as other id -un)" = other'
test_expect_success 'a stopped program gives its exit status' '
	hs_spawn sleeper sleep 100 && hs_alive sleeper && hs_stop sleeper && test "$HS_STATUS" = 143
'
test_expect_success 'a process left over is noticed' '
	(setsid sleep 100 </dev/null >/dev/null 2>&1 3>&- 4>&- 5>&- &) &&
	hs_wait_for "cat /proc/[0-9]*/cmdline 2>/dev/null | grep -q -z ^sleep" 5 && ! hs_alone_ &&
	for d in /proc/[0-9]*; do
		! grep -q -z "^sleep" "$d/cmdline" 2>/dev/null || kill "${d#/proc/}" || return 1
	done &&
	hs_wait_for "test -z \"\$(cat /proc/[0-9]*/cmdline 2>/dev/null | grep -z ^sleep)\"" 5
'
hs_done
