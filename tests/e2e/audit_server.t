#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: `handseal audit verify --server` holds what a real sshd logged against the audit log, both
# ways: logins without a touch, certificates without a login; and says so of lines that somebody put in.
test_description="a server's log against the audit log"
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/cli.sh"
hs_ns "$0" "$@"
hs_init "$@"

TZ=UTC LC_ALL=C.UTF-8
export TZ LC_ALL
verify() { handseal audit verify --server "$@"; }

test_expect_success 'a server, a session, two certificates, one login, one by a plain key' '
	hs_softkey_start blue && hs_softkey blue touch-next && handseal enroll --device "softkey:$HS_TMP/blue.sock" --name blue >out &&
	rm -f "$XDG_CONFIG_HOME/handseal/policy" && hs_handseald_start && hs_softkey blue touch-next && hs_sshd_start &&
	handseal open --user deploy --host web1.example.com --cmd uptime --cmd id >out && echo "HostName web1.example.com" >"$HS_SERVER/verify.conf" &&
	key=$(handseal roots --pub | grep -o "sk-ssh-ed25519@openssh.com [A-Za-z0-9+/=]*" | head -n 1) && echo "users=\"deploy\" $key blue" >"$HS_SERVER/roots" &&
	handseal request --user deploy --host web1.example.com --cmd id --agent claude -o job >out &&
	handseal request --user deploy --host web1.example.com --cmd uptime --agent other -o job2 >out &&
	hs_ssh -i job -o CertificateFile=job-cert.pub deploy@127.0.0.1 id >out && grep deploy out &&
	ssh-keygen -q -t ed25519 -N "" -f plain && mkdir -p "$HS_HOME_deploy/.ssh" && cp plain.pub "$HS_HOME_deploy/.ssh/authorized_keys" && chown -R deploy: "$HS_HOME_deploy/.ssh" &&
	chmod 700 "$HS_HOME_deploy/.ssh" && hs_ssh -i plain deploy@127.0.0.1 true && hs_wait_for "test \$(grep -c \"Accepted publickey\" $HS_TMP/sshd.log) -ge 2" 10
'
test_expect_success 'each login has its touch, one certificate no login' '
	does 0 "^server  *1 logins by handseal.s certificates, 0 without a touch; 1 by other keys" verify "$HS_TMP/sshd.log" &&
	grep "^server  *1 certificates without a login there" out && grep "^  no login  *[0-9a-f]*\.2  other: deploy@web1.example.com: uptime" out &&
	does 0 . verify "$HS_TMP/sshd.log" --json && is out "\$j->{server}{logins} == 1 && \$j->{server}{without_touch} == 0 && \$j->{server}{without_login_list}[0] =~ /\.2$/"
'
test_expect_success 'what ran, the login and the record join on one id' '
	id=$(sed -n "s/.*Accepted publickey.* ID \(handseal:[^ ]*\) .*/\1/p" "$HS_TMP/sshd.log" | head -n 1) && session=${id#handseal:} && session=${session%%:*} &&
	hs_wait_for "grep -q \"handseal-shell.*deploy: ended after . s with status 0: id (from 127.0.0.1, root SHA256:.*, id .$id.)\" $HS_TMP/syslog" 5 && grep "handseal-shell.*deploy: runs: id (from .*id .$id.)" "$HS_TMP/syslog" && grep "handseal-verify.*admitted deploy.*id .$id." "$HS_TMP/syslog" &&
	grep "\"event\":\"issue\"" "$XDG_STATE_HOME/handseal/audit.jsonl" | grep "$session" | grep "\"serial\":\"*1[^0-9]"
'
test_expect_success 'a command that looks like a login is none' '
	! hs_ssh -i job -o CertificateFile=job-cert.pub deploy@127.0.0.1 "id $(grep -o "Accepted publickey.*" "$HS_TMP/sshd.log" | head -n 1 | tr -d "()")" && hs_wait_for "grep -q \"handseal-shell.*refused.*Accepted publickey\" $HS_TMP/syslog" 5 && cat "$HS_TMP/syslog" "$HS_TMP/sshd.log" >all && does 0 "^server  *2 logins by handseal.s certificates, 0 without a touch" verify all
'
test_expect_success 'a login that no record is of, of another key, by another signer' '
	grep "Accepted publickey.*handseal" "$HS_TMP/sshd.log" | head -n 1 >line &&
	print=SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA &&
	sed "s/:1:claude (serial 1)/:9:claude (serial 9)/" line >forged && does 1 "NO TOUCH  *line 1: deploy from 127.0.0.1, handseal:.*:9:claude: no record is of its certificate" verify forged &&
	sed "s/ED25519-CERT SHA256:[^ ]*/ED25519-CERT $print/" line >forged && does 1 "on record for another key" verify forged &&
	sed "s/CA ED25519 SHA256:.*/CA ED25519 $print/" line >forged && does 1 "another key signed this one" verify forged &&
	sed "s/handseal:[0-9a-f]*:/handseal:0123456789abcdef:/" line >forged && does 1 "no record is of its certificate" verify forged --json && is out "\$j->{server}{without_touch} == 1 && \$j->{proven}" &&
	cat line forged line >three && does 1 "2 logins\|3 logins" verify three && grep "line 2:" out
'
test_expect_success 'logins without any key are counted; of two logs none is passed over' '
	grep "Accepted publickey.*handseal" "$HS_TMP/sshd.log" | head -n 1 >line && echo "Nov 26 12:00:00 web1 sshd[71]: Accepted password for root from 2001:db8::7 port 50022 ssh2" | cat line - >pass &&
	does 0 "^server  *1 logins by handseal.s certificates, 0 without a touch; 0 by other keys, 1 by none" verify pass && does 0 . verify pass --json && is out "\$j->{server}{by_no_key} == 1" &&
	usage audit verify --server line --server pass
'
test_expect_success 'lines that tell of no login, or cannot be read; nothing raw' '
	printf "Accepted publickey for a\033[2J from b\nrubbish\n\377\376\n" >bad && does 1 "1 lines of logins could not be read" verify bad && : >none && does 0 "^server  *0 logins" verify none &&
	does 1 "cannot read nonesuch" verify nonesuch && sed "s/for deploy/for de\\x1b[31mploy/" line | sed "s/:1:claude (serial 1)/:9:claude (serial 9)/" >forged && does 1 "NO TOUCH" verify forged
'
hs_done
