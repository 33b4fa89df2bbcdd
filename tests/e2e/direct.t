#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: a direct certificate, asked for, touched and handed out, logs in to a stock sshd that trusts the
# root by TrustedUserCAKeys or by a user's own cert-authority line, and to no more than its scope says; what that sshd
# could not enforce is refused when it is asked for. Nothing of ours runs on that server.
test_description='direct certificates and stock sshd'
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/ask.sh"
. "$(dirname "$0")/../lib/cli.sh"
hs_ns "$0" "$@"
hs_init "$@"
. "$HS_SRC/tests/lib/direct.sh"

block() { awk -v mark="<!-- try: $1 -->" '/^```/ && inside { exit } inside { print } /^```/ && found { inside = 1 } $0 == mark { found = 1 }' "$HS_SRC/docs/SERVERS.md"; }
own() { printf '%s\n' "$@" >"$HS_HOME_deploy/.ssh/authorized_keys" && chown -R deploy: "$HS_HOME_deploy/.ssh"; }
# cannot TEXT ARG...: it cannot be direct; said why, and what would help
cannot() {
	cannot_=$1
	shift
	refused not-enforceable --direct --key "$HS_TMP/any.pub" "$@" && grep -q -e "$cannot_" out ||
		{ cat out && false; }
}

set -f # * stands for itself
direct_begin
test_expect_success 'one touch, and the key logs in by TrustedUserCAKeys' '
	direct any $any && test "$(with any $at id -un)" = deploy && test "$(with any $at "x=1; echo \$x")" = 1 &&
	grep "Accepted publickey for deploy .* ID handseal:direct:[0-9]*:unknown (serial [0-9]*) CA ED25519-SK" "$HS_TMP/sshd.log"
'
test_expect_success 'policy explain --direct says beforehand what would become of it' '
	explain="handseal policy explain" && test_expect_code 7 $explain --direct $any >out && grep "^It would cost a touch: each direct certificate costs a touch" out && grep "  deploy on any host   any command, and an interactive shell" out && ! grep "certificates, each" out &&
	test_expect_code 7 $explain --direct $any --json >out && is out "\$j->{decision} eq q(ask) && \$j->{direct} && \$j->{code} eq q(ok)" &&
	test_expect_code 3 $explain --direct --user deploy --host web1 --cmd id >out && cat out && grep "^It would be refused: .*(not-enforceable)" out && grep -e "--host" out &&
	test_expect_code 3 $explain --direct --user deploy --host web1 --cmd id --json >out && is out "\$j->{decision} eq q(refuse) && \$j->{code} eq q(not-enforceable) && length \$j->{sentence} && length \$j->{remedy}" &&
	test_expect_code 7 $explain --user deploy --host web1 --cmd id >out && test_expect_code 7 $explain $any --json >out && is out "!\$j->{direct}" && test_expect_code 2 $explain --direct --opening $any 2>err && grep "direct" err
'
test_expect_success 'rule6: what was shown says that it is direct, for how long, and what takes it back' '
	grep "\"event\":\"ask\"" "$log" | tail -n 1 >shown && grep "handseal [2-9A-Z]*: unknown asks, DIRECT" shown &&
	grep "DIRECT, in one certificate, for 15 min from the touch:" shown && grep "RevokedKeys on each of them can take it back" shown &&
	grep "It is not renewed." shown && ! grep "any number of certificates" shown
'
test_expect_success 'rule4: the touch is on record with the whole certificate, and so is that it was handed out' '
	cert=$(cut -d" " -f2 "$HS_TMP/any-cert.pub") && grep "\"event\":\"touch\".*\"direct\":\"$cert\"" "$log" &&
	parent=$(ssh-keygen -L -f "$HS_TMP/any-cert.pub" | sed -n "s/^ *Serial: //p") &&
	grep "\"event\":\"issue\".*\"parent\":\"$parent\"" "$log"
'
test_expect_success 'not as another user, whose name it does not have' '
	shut any "Certificate invalid: name is not a listed principal" other@127.0.0.1 true
'
test_expect_success 'without permits there is neither terminal nor forwarding; with them there is' '
	test_expect_code 255 with any -tt $at tty >out 2>err && grep "PTY allocation request failed" err && ! grep /dev/pts out && direct tty $any --permit pty --permit agent-forwarding &&
	with tty -tt $at tty >out && grep /dev/pts out && ! ssh-keygen -L -f "$HS_TMP/tty-cert.pub" | grep port-forwarding
'
odd="printf '%s.' one \"two  words\" '\$HOME;*' 'it'\\''s' -- x=y '!' '#' '~' ''"
printf %s 'one.two  words.$HOME;*.it'\''s.--.x=y.!.#.~..' >want
test_expect_success 'one exact command runs, its words whole, whatever the client asks for' '
	direct one --user deploy --host * --ttl 5m --cmd "$odd" && with one $at "rm -rf /" >out && test_cmp want out &&
	with one $at </dev/null >out && test_cmp want out
'
test_expect_success 'sftp alone, read-only or not' '
	direct ro --user deploy --host * --ttl 5m --cmd subsystem:sftp && direct rw --user deploy --host * --ttl 5m --cmd subsystem:sftp-write &&
	echo hello >f && for c in ro rw; do
		echo "put f $HS_HOME_deploy/$c" | sftp -q -b - -P $HS_PORT -i "$HS_TMP/$c" -o CertificateFile="$HS_TMP/$c-cert.pub" \
			$(echo "$HS_SSH_OPTS" | sed "s/-p [0-9]*//") $at; done; test ! -e "$HS_HOME_deploy/ro" && test -e "$HS_HOME_deploy/rw" &&
	! test "$(with rw $at id -un </dev/null)" = deploy
'
test_expect_success 'from its addresses alone' '
	direct far --user deploy --host * --cmd * --addr 10.0.0.0/8 --ttl 5m && shut far "source-address\|not from a permitted\|not permitted to use this certificate" $at true &&
	direct near --user deploy --host * --cmd * --addr 127.0.0.0/8 --addr ::1/128 --ttl 5m && test "$(with near $at id -un)" = deploy
'
test_expect_success 'until its end' '
	direct brief --user deploy --host * --cmd * --ttl 3s && hs_wait_for "! with brief $at true 2>err" 20 &&
	shut brief "Certificate invalid: expired" $at true
'
test_expect_success 'a user without root has it in their own authorized_keys' '
	stock && shut any "Failed publickey\|Connection closed\|Disconnected\|preauth" $at true && mkdir -p "$HS_HOME_deploy/.ssh" && own "cert-authority $key" &&
	test "$(with any $at id -un)" = deploy && shut any "not a listed principal\|Connection closed\|preauth" other@127.0.0.1 true &&
	own "cert-authority,from=\"10.0.0.0/8\" $key" && ! with any $at true && own "cert-authority $key"
'
test_expect_success 'a server'\''s RevokedKeys takes it back by its serial, there and nowhere else' '
	printf "serial: %s\n" $parent >spec && ssh-keygen -q -k -f "$HS_TMP/krl" -s "$HS_TMP/blue.pub" spec &&
	stock "TrustedUserCAKeys $HS_TMP/blue.pub" "RevokedKeys $HS_TMP/krl" && shut any "revoked" $at true && test "$(with near $at id -un)" = deploy
'
test_expect_success 'the page on servers: with root there, and without' '
	(cd "$HS_TMP" && block direct-files >try && . ./try >out && cat out) && block direct-sshd | sed "s,/etc/ssh/,$HS_TMP/," >lines && cat lines && test $(wc -l <lines) = 2 &&
	stock "$(cat lines)" && rm "$HS_HOME_deploy/.ssh/authorized_keys" && test "$(with any $at id -un)" = deploy &&
	stock && ! with any $at true && block direct-own | sed "s,~,$HS_HOME_deploy," >try && . ./try && own "$(cat "$HS_HOME_deploy/.ssh/authorized_keys")" && test "$(with any $at id -un)" = deploy
'
test_expect_success 'what stock sshd cannot enforce is refused when it is asked for, with what could be' '
	stock "TrustedUserCAKeys $HS_TMP/blue.pub" && n=$(grep -c "\"event\":\"ask\"" "$log") &&
	cannot "only .host \*. is" --user deploy --host web1 --cmd id && grep -- "--host" out &&
	cannot "login names must be named" --user * --host * --cmd id && cannot "is a pattern" --user deploy --host * --cmd "ls ..." &&
	cannot "here are several" --user deploy --host * --cmd id --cmd uptime && cannot "needs one" --user deploy --host * &&
	cannot "does not count uses" --user deploy --host * --cmd id --uses 3 && cannot "nothing drain" --user deploy --host * --cmd id --on-end drain && cannot "passed on" --user deploy --host * --cmd id --depth 1 &&
	cannot "no .ns" --user deploy --host * --cmd id --ns git && cannot "lead anywhere" --user deploy --host * --cmd id --permit port-forwarding &&
	cannot "no .ns" --user deploy --host * --cmd id --permit port-forwarding --open db:1 &&
	cannot "every login.s shell" --user deploy --host * --cmd "echo '"'a\\b'"'" && cannot "own sftp, which writes" --user deploy --host * --cmd internal-sftp &&
	cannot "own sftp, which writes" --user deploy --host * --cmd "/usr/lib/openssh/sftp-server -d /" &&
	printf "max-ttl 60\nmax-uses *\n\naddr *\ncmd id\nhost *\nuser deploy\n\naddr *\ncmd uptime\nhost *\nuser deploy\n" >two &&
	cannot "more than one statement" --scope-file two && test $n = "$(grep -c "\"event\":\"ask\"" "$log")" &&
	test $(grep -c "\"event\":\"refuse\".*\"code\":\"not-enforceable\"" "$log") -ge 11
'
test_expect_success 'a delegation is let in by no stock server, nor a grant' '
	handseal close && hs_softkey blue touch-next && timeout 30 handseal open --user deploy --host * --cmd * --ttl 1h &&
	handseal request --key "$HS_TMP/any.pub" --user deploy --host * --cmd * -o chain-cert.pub && mv chain-cert.pub "$HS_TMP/chain-cert.pub" && cp "$HS_TMP/any" "$HS_TMP/chain" &&
	shut chain "Certificate invalid\|not trusted\|Failed publickey\|preauth" $at true &&
	forgecert root ed25519 "$HS_TMP/froot" && forgecert session "$HS_TMP/session" && printf "max-ttl 8h\nmax-uses *\n\naddr *\ncmd *\nhost *\nuser deploy\n" >"$HS_TMP/s" &&
	forgecert grant "$HS_TMP/session-cert.pub" root="$HS_TMP/froot" session="$HS_TMP/session" scope="$HS_TMP/s" &&
	stock "TrustedUserCAKeys $HS_TMP/froot.pub" && shut session "grant@handseal.alt\|not supported\|preauth" $at true
'
test_expect_success 'handseal-verify takes it from a root whose line says direct, and from no other' '
	hs_stop sshd && rm "$HS_HOME_deploy/.ssh/authorized_keys" && echo "HostName web1.example.com" >$HS_SERVER/verify.conf &&
	echo "users=\"deploy\",direct $key" >$HS_SERVER/roots && hs_sshd_start && test "$(with near $at id -un)" = deploy && test "$(with one $at ls)" = "$(cat want)" &&
	echo "users=\"deploy\" $key" >$HS_SERVER/roots && : >"$HS_TMP/syslog" && ! with near $at true && hs_wait_for "grep -q root-not-direct $HS_TMP/syslog" 10 &&
	test_expect_code 3 handseal-verify --config $HS_SERVER explain "$HS_TMP/near-cert.pub" >out && grep "root-not-direct" out && grep "  deploy on any host  *any command, and an interactive shell" out
'
hs_done
