#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: with a stock sshd whose AuthorizedKeysCommand is handseal-verify, a stock ssh
# with an agent's certificate can do what the scope allows, in each way that a scope can say it.
test_description='logins that are allowed'
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/verify.sh"
hs_ns "$0" "$@"
hs_init "$@"

at=deploy@127.0.0.1

sftp_() { # CERT COMMAND
	echo "$2" | sftp -q -b - -P $HS_PORT -i "$HS_TMP/id" \
		-o CertificateFile="$HS_TMP/$1-cert.pub" \
		$(echo $HS_SSH_OPTS | sed "s/-p [0-9]*//") $at
}

test_expect_success 'a server, two roots, an agent' 'hv_setup'

test_expect_success 'an allowed command runs, as the scope'\''s user' '
	hv_cert good && test "$(hv_ssh good $at id -un)" = deploy
'
test_expect_success 'rule9: the log says who, whose touch and what ran' '
	hs_wait_for "grep -q handseal-shell.*runs \"$HS_TMP/syslog\"" 5 &&
	grep "handseal-verify.*admitted deploy: root Anna.s blue SHA256:.*, touched, until .*id \"handseal:" \
		"$HS_TMP/syslog" &&
	grep "handseal-shell.*deploy: runs: id -un (from 127.0.0.1, root SHA256:[^ ]*, id \"handseal:" "$HS_TMP/syslog" &&
	grep "Accepted publickey for deploy .* ID handseal:" "$HS_TMP/sshd.log"
'
test_expect_success 'words are as the client quoted them, and its exit status comes back' '
	test "$(hv_ssh good $at "echo  a \"b  c\" '\''\$HOME;*'\''")" = "a b  c \$HOME;*" &&
	hv_scope "user deploy" "host *" "addr *" "cmd sh -c '\''exit 7'\''" >"$HS_TMP/exit7" &&
	hv_cert exit7 scope="$HS_TMP/exit7" &&
	test_expect_code 7 hv_ssh exit7 $at "sh -c '\''exit 7'\''"
'
test_expect_success 'stdin and stdout go through' '
	hv_scope "user deploy" "host web1.example.com" "addr *" "cmd wc -c" >"$HS_TMP/wc" &&
	hv_cert wc scope="$HS_TMP/wc" &&
	test "$(head -c 300000 /dev/zero | hv_ssh wc $at wc -c)" = 300000
'
test_expect_success 'a root with an ecdsa key' '
	hv_cert ecdsa root="$HS_TMP/root2" && test "$(hv_ssh ecdsa $at id -un)" = deploy
'
test_expect_success 'a touch with PIN, on a server that asks for one' '
	hv_conf "HostName web1.example.com" "RequireUV yes" &&
	hv_cert uv flags=5 && test "$(hv_ssh uv $at id -un)" = deploy &&
	hv_refused no-verification hv_ssh good $at id -un &&
	hv_conf && hv_roots "require-uv,users=\"deploy\" $(cat "$HS_TMP/root.pub") a" &&
	test "$(hv_ssh uv $at id -un)" = deploy &&
	hv_refused no-verification hv_ssh good $at id -un &&
	hv_roots
'
test_expect_success 'the environment is scrubbed, the PATH the system'\''s' '
	hv_scope "user deploy" "host *" "addr *" "cmd env" >"$HS_TMP/env" &&
	hv_cert env scope="$HS_TMP/env" &&
	LC_EVIL=/tmp/x LC_TIME=C hv_ssh env -o SendEnv="LC_*" $at env >"$HS_TMP/env.out" &&
	grep -x "PATH=/usr/local/bin:/usr/bin:/bin" "$HS_TMP/env.out" &&
	grep -x "HOME=$HS_HOME_deploy" "$HS_TMP/env.out" &&
	grep "^SSH_CONNECTION=127.0.0.1 " "$HS_TMP/env.out" &&
	! grep -E "SSH_ORIGINAL_COMMAND|LC_EVIL|^(PWD|_|SHLVL|OLDPWD|MAIL)=" "$HS_TMP/env.out"
'
test_expect_success 'a terminal where the scope permits one' '
	hv_scope "user deploy" "host *" "addr *" "cmd tty" "permit pty" >"$HS_TMP/tty" &&
	hv_cert tty scope="$HS_TMP/tty" ceiling="$HS_TMP/tty" &&
	hv_ssh tty -tt $at tty >"$HS_TMP/tty.out" && grep ^/dev/pts/ "$HS_TMP/tty.out"
'
test_expect_success 'cmd *: anything, as the login shell reads it' '
	hv_scope "user deploy" "host web1.example.com" "addr *" "cmd *" >"$HS_TMP/any" &&
	hv_cert any scope="$HS_TMP/any" &&
	test "$(hv_ssh any $at "x=1; echo \$x | cat")" = 1 &&
	test "$(echo "echo \$((40 + 2))" | hv_ssh any $at sh)" = 42 &&
	test_expect_code 9 hv_ssh any $at "(exit 9)" &&
	test_expect_code 255 hv_ssh any -tt $at tty </dev/null >"$HS_TMP/tty.out" 2>&1 && grep "PTY allocation request failed" "$HS_TMP/tty.out" && ! grep ^/dev/pts "$HS_TMP/tty.out" &&
	hv_says any deploy >"$HS_TMP/line" && grep command= "$HS_TMP/line"
'
test_expect_success 'no shell without a command, on a terminal or not, where permit pty does not stand beside cmd *' '
	echo "touch $HS_TMP/never" | test_expect_code 126 hv_ssh any $at >"$HS_TMP/out" 2>"$HS_TMP/err" &&
	test ! -s "$HS_TMP/out" && test ! -e "$HS_TMP/never" && grep "^handseal: refused, pty-outside-scope: .*give a command, or ask for it with --permit pty" "$HS_TMP/err" &&
	grep -x "  \*" "$HS_TMP/err" && hs_wait_for "grep -q \"handseal-shell.*deploy: refused, pty-outside-scope, .*: an interactive shell (from 127.0.0.1\" \"$HS_TMP/syslog\"" 5 &&
	test_expect_code 255 hv_ssh any -tt $at </dev/null 2>"$HS_TMP/err" && grep "PTY allocation request failed" "$HS_TMP/err"
'
test_expect_success 'an interactive shell where cmd * and permit pty stand together' '
	hv_scope "user deploy" "host *" "addr *" "cmd *" "permit pty" >"$HS_TMP/inter" &&
	hv_cert inter scope="$HS_TMP/inter" &&
	echo "tty; echo \$0 \$-; exit 5" | test_expect_code 5 hv_ssh inter -tt $at >"$HS_TMP/tty.out" &&
	grep "/dev/pts/" "$HS_TMP/tty.out" && grep -e "-sh .*i" "$HS_TMP/tty.out" &&
	test "$(echo "echo \$((40 + 2))" | hv_ssh inter -T $at)" = 42 &&
	hv_scope "user deploy" "host *" "addr *" "cmd *" -- \
		"user deploy" "host *" "addr *" "cmd id" "permit pty" >"$HS_TMP/apart" &&
	hv_cert apart scope="$HS_TMP/apart" && ! hv_ssh apart -tt $at >"$HS_TMP/tty.out" 2>&1 </dev/null &&
	{ grep "refused, pty-outside-scope" "$HS_TMP/tty.out" || { cat "$HS_TMP/tty.out" && false; }; } &&
	test_expect_code 126 hv_ssh apart -T $at </dev/null 2>"$HS_TMP/err" && grep "refused, pty-outside-scope" "$HS_TMP/err"
'
test_expect_success 'a statement with cmd * beside another' '
	hv_scope "user deploy" "host *" "addr *" "cmd *" -- \
		"user deploy" "host *" "addr 10.0.0.0/8" "cmd id" >"$HS_TMP/mixed" &&
	hv_cert mixed scope="$HS_TMP/mixed" &&
	test "$(hv_ssh mixed $at id -un)" = deploy &&
	test "$(echo "id -un" | hv_ssh mixed $at sh)" = deploy
'
test_expect_success 'sftp reads, and with sftp-write writes' '
	hv_scope "user deploy" "host *" "addr *" "cmd subsystem:sftp" >"$HS_TMP/sftp" &&
	hv_cert sftp scope="$HS_TMP/sftp" &&
	hv_scope "user deploy" "host *" "addr *" "cmd subsystem:sftp-write" >"$HS_TMP/sftpw" &&
	hv_cert sftpw scope="$HS_TMP/sftpw" &&
	echo hello >"$HS_HOME_deploy/file" && chown deploy: "$HS_HOME_deploy/file" &&
	sftp_ sftp "get file $HS_TMP/got" && test "$(cat "$HS_TMP/got")" = hello &&
	! sftp_ sftp "put $HS_TMP/got put1" && ! test -e "$HS_HOME_deploy/put1" &&
	sftp_ sftpw "put $HS_TMP/got put2" && test "$(cat "$HS_HOME_deploy/put2")" = hello &&
	hv_refused command-outside-scope hv_ssh sftp $at id -un
'
test_expect_success 'sftp as the Subsystem line has it: read-only for everybody, its log, its mask' '
	hs_stop sshd && hs_sshd_start "Subsystem sftp internal-sftp -R -l INFO" && sftp_ sftpw "get file $HS_TMP/got3" && cmp "$HS_TMP/got" "$HS_TMP/got3" &&
	hs_wait_for "grep \"sftp-server.*open .$HS_HOME_deploy/file\" \"$HS_TMP/syslog\"" 5 && ! sftp_ sftpw "put $HS_TMP/got put3" && ! test -e "$HS_HOME_deploy/put3" &&
	hs_stop sshd && hs_sshd_start "Subsystem sftp /usr/lib/openssh/sftp-server -u 077" && sftp_ sftpw "put $HS_TMP/got put4" && test "$(stat -c %a "$HS_HOME_deploy/put4")" = 600 && ! sftp_ sftp "put $HS_TMP/got put5" &&
	hv_refused command-outside-scope hv_ssh sftp $at "internal-sftp -c id" && hs_stop sshd && hs_sshd_start
'
test_expect_success 'a scope for several users and hosts' '
	hv_scope "user deploy" "user other" "host *.example.com" "addr *" "cmd id -un" -- \
		"user root" "host db.example.com" "addr *" "cmd id -un" >"$HS_TMP/many" &&
	hv_cert many scope="$HS_TMP/many" &&
	hv_roots "users=\"*\" $(cat "$HS_TMP/root.pub") all but root" &&
	test "$(hv_ssh many $at id -un)" = deploy &&
	test "$(hv_ssh many other@127.0.0.1 id -un)" = other &&
	hv_refused root-not-for-user hv_ssh many root@127.0.0.1 id -un && hv_roots
'
test_expect_success 'a server with several names' '
	hv_conf "HostName a.example.org b.example.org" "hostname web1.example.com" &&
	test "$(hv_ssh good $at id -un)" = deploy && hv_conf
'
test_expect_success 'rule9: a bad line of roots is named and skipped, the others hold' '
	hv_roots "nonsense=1 $(cat "$HS_TMP/root2.pub") bad" "# fine" "" \
		"users=\"deploy\" $(cat "$HS_TMP/root.pub") good" "users=\"x\" ssh-ed25519 AAAA" &&
	: >"$HS_TMP/syslog" && test "$(hv_ssh good $at id -un)" = deploy &&
	hs_wait_for "grep -q \"roots:5:11: line skipped\" \"$HS_TMP/syslog\"" 5 &&
	grep "roots:1:1: line skipped" "$HS_TMP/syslog" &&
	hv_refused root-unknown hv_ssh ecdsa $at id -un && hv_roots
'
test_expect_success 'plain keys of the account work beside it' '
	ssh-keygen -q -t ed25519 -N "" -f "$HS_TMP/plain" && mkdir -m 700 "$HS_HOME_deploy/.ssh" &&
	cp "$HS_TMP/plain.pub" "$HS_HOME_deploy/.ssh/authorized_keys" &&
	chown -R deploy: "$HS_HOME_deploy/.ssh" &&
	test "$(hs_ssh -i "$HS_TMP/plain" $at id -un)" = deploy
'
test_expect_success 'the printed line holds nothing else of the certificate' '
	hv_says good deploy >"$HS_TMP/line" && test "$(wc -l <"$HS_TMP/line")" = 1 &&
	session=$(cut -d" " -f1,2 "$HS_TMP/session.pub" | sed "s,[+],[+],g") &&
	grep -E "^restrict,cert-authority,principals=\":handseal\"(,from=\"[^\"]*\")?,command=\"$HS_LIBEXEC/handseal-shell [A-Za-z0-9_-]+\" $session\$" \
		"$HS_TMP/line" && ! grep permit "$HS_TMP/line"
'
hs_done
