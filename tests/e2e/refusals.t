#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: what must not log in does not, under a stock sshd, and the server's log says
# why with a stable code; what logs in can do nothing beyond its scope.
test_description='logins and commands that are refused'
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/verify.sh"
. "$(dirname "$0")/../lib/late.sh"
hs_ns "$0" "$@"
hs_init "$@"

at=deploy@127.0.0.1

scope() { # NAME LINE...: a certificate of that scope
	hv_name_=$1
	shift
	hv_scope "$@" >"$HS_TMP/$hv_name_.scope" &&
		hv_cert "$hv_name_" scope="$HS_TMP/$hv_name_.scope"
}

test_expect_success 'a server, roots, an agent that can log in' '
	hv_setup && hv_cert good && test "$(hv_ssh good $at id -un)" = deploy
'
test_expect_success 'rule2: another user' '
	hv_roots "users=\"*\" $(cat "$HS_TMP/root.pub") a" &&
	hv_refused user-outside-scope hv_ssh good other@127.0.0.1 id -un && hv_roots
'
test_expect_success 'rule2: a user that the root'\''s line does not name, root under users="*"' '
	scope users "user *" "host *" "addr *" "cmd id -un" &&
	hv_refused root-not-for-user hv_ssh users other@127.0.0.1 id -un &&
	hv_roots "users=\"*\" $(cat "$HS_TMP/root.pub") a" &&
	hv_refused root-not-for-user hv_ssh users root@127.0.0.1 id -un &&
	hv_roots "$(cat "$HS_TMP/root.pub") nobody" &&
	hv_refused root-not-for-user hv_ssh users $at id -un && hv_roots
'
test_expect_success 'rule2: another host, and a server without a name' '
	hv_conf "HostName web2.example.com" && hv_refused host-outside-scope hv_ssh good $at id -un &&
	hv_conf "# no name" && hv_refused host-outside-scope hv_ssh good $at id -un && hv_conf
'
test_expect_success 'a root that nobody listed' '
	hv_cert foreign root="$HS_TMP/stranger" && hv_refused root-unknown hv_ssh foreign $at id -un
'
test_expect_success 'a certificate by a session key other than the grant'\''s' '
	forgecert grant "$HS_TMP/g-cert.pub" root="$HS_TMP/root" session="$HS_TMP/session2" \
		scope="$HS_TMP/scope" &&
	hv_cert other session="$HS_TMP/session2" root="$HS_TMP/stranger" &&
	hv_refused root-unknown hv_ssh other $at id -un
'
test_expect_success 'an expired certificate, an expired grant, one not valid yet' '
	hv_cert old grant-after=-7200 after=-3600 before=-5 &&
	hv_refused expired hv_ssh old $at id -un &&
	hv_cert oldgrant grant-after=-7200 after=-3600 before=-5 grant-end=-5 &&
	hv_refused expired hv_ssh oldgrant $at id -un &&
	hv_cert early after=600 before=900 && hv_refused not-yet-valid hv_ssh early $at id -un
'
test_expect_success 'times that are longer than this server takes' '
	hv_cert long grant-end=90000 && hv_refused too-long-lived hv_ssh long $at id -un &&
	hv_cert long2 before=30000 grant-end=40000 &&
	hv_refused "refused deploy" hv_ssh long2 $at id -un &&
	hv_conf "HostName web1.example.com" "MaxDelegation 5m" &&
	hv_refused too-long-lived hv_ssh good $at id -un &&
	hv_roots "users=\"deploy\",max-grant=10m $(cat "$HS_TMP/root.pub") a" && hv_conf &&
	hv_refused too-long-lived hv_ssh good $at id -un && hv_roots
'
test_expect_success 'the grant itself as a login' '
	forgecert grant "$HS_TMP/grant-cert.pub" root="$HS_TMP/root" session="$HS_TMP/session" \
		scope="$HS_TMP/scope" &&
	hv_refused grant-as-login hs_ssh -i "$HS_TMP/session" \
		-o CertificateFile="$HS_TMP/grant-cert.pub" $at id -un &&
	hv_refused grant-as-login hs_ssh -i "$HS_TMP/session" \
		-o CertificateFile="$HS_TMP/grant-cert.pub" root@127.0.0.1 id -un
'
test_expect_success 'rule1: flags of the root'\''s signature without a touch, or unknown ones' '
	for flags in 0 2 4 3 7 8 9 65 69 129 133 193 255; do
		hv_cert flags flags=$flags && hv_refused no-touch hv_ssh flags $at id -un ||
			{ echo "# flags $flags" && return 1; }
	done &&
	hv_cert flags flags=0 root="$HS_TMP/root2" && hv_refused no-touch hv_ssh flags $at id -un
'
test_expect_success 'rule3: a certificate wider than its grant' '
	hv_scope "user deploy" "host web1.example.com" "addr *" "cmd id" >"$HS_TMP/narrow" &&
	hv_cert wide ceiling="$HS_TMP/narrow" && hv_refused wider-than-grant hv_ssh wide $at id -un
'
test_expect_success 'rule10: certificates wrong in one thing and rightly signed' '
	forgecert faults >"$HS_TMP/faults" && test "$(wc -l <"$HS_TMP/faults")" -gt 30 &&
	while read -r fault code; do
		hv_cert fault wrong=$fault && hv_says fault deploy >"$HS_TMP/line" &&
			test ! -s "$HS_TMP/line" || { echo "# admitted: $fault" && return 1; }
		grep -q "refused deploy: $code: " "$HS_TMP/said" || { echo "# not $code: $fault" && cat "$HS_TMP/said" && return 1; }
	done <"$HS_TMP/faults"
'
test_expect_success 'rule10: over sshd too' '
	for fault in login-principal wider-scope longer-than-grant newline-id critical-extra; do
		hv_cert fault wrong=$fault && ! hv_ssh fault $at id -un || return 1
	done
'
test_expect_success 'rule10: any byte of a certificate changed' '
	hv_cert whole && perl -MMIME::Base64 -e '\''
		my ($file, @verify) = @ARGV;
		open(my $f, "<", $file) or die; my ($type, $b64) = split / /, <$f>;
		my $blob = decode_base64($b64);
		for (my $i = 0; $i < length $blob; $i += 7) {
			my $b = $blob;
			substr($b, $i, 1) = chr(ord(substr($b, $i, 1)) ^ (1 << $i % 8));
			open(my $p, "-|", @verify, $type, encode_base64($b, "")) or die;
			my $out = join "", <$p>;
			close $p; die "byte $i: exit $?" if $?;
			die "byte $i: admitted: $out" if $out ne "";
		}
		for my $b ($blob . "\0", substr($blob, 0, -1), "", "\0\0\0\0", $blob . $blob) {
			open(my $p, "-|", @verify, $type, encode_base64($b, "")) or die;
			die "admitted" if join("", <$p>) ne "";
			close $p; die "exit $?" if $?;
		}'\'' "$HS_TMP/whole-cert.pub" handseal-verify --config "$HS_SERVER" --log stderr keys deploy 2>"$HS_TMP/said" &&
	! grep -v -E "refused deploy: [a-z-]+: ." "$HS_TMP/said"
'
test_expect_success 'rule9: every way in says which, with code, sentence and id' '
	hv_refused "handseal-verify.*refused deploy: root-unknown: .*(key SHA256:.*, id .handseal:.*:claude., serial 1)" \
		hv_ssh foreign $at id -un
'

test_expect_success 'stock trust in the session key or the root lets nothing of ours in' '
	hs_stop sshd && cat "$HS_TMP/session.pub" "$HS_TMP/root.pub" >"$HS_TMP/cas" &&
	hv_roots "# none" && hs_sshd_start "TrustedUserCAKeys $HS_TMP/cas" &&
	! hv_ssh good $at id -un && ! hv_ssh good root@127.0.0.1 id -un &&
	! hs_ssh -i "$HS_TMP/session" -o CertificateFile="$HS_TMP/grant-cert.pub" $at id -un &&
	hv_cert flags flags=0 && ! hv_ssh flags $at id -un &&
	hv_roots && hs_stop sshd && hs_sshd_start && test "$(hv_ssh good $at id -un)" = deploy
'
test_expect_success 'a direct certificate where the root'\''s line does not say direct' '
	hv_scope "user deploy" "host *" "addr *" "cmd id -un" |
		sed "s/^max-ttl .*/max-ttl 15m/;s/^max-uses.*/max-uses */" >"$HS_TMP/direct.scope" &&
	forgecert direct "$HS_TMP/direct-cert.pub" root="$HS_TMP/root" key="$HS_TMP/id.pub" \
		scope="$HS_TMP/direct.scope" &&
	hv_refused root-not-direct hv_ssh direct $at id -un &&
	hv_roots "direct,users=\"deploy\" $(cat "$HS_TMP/root.pub") a" &&
	test "$(hv_ssh direct $at id -un)" = deploy && hv_roots
'

test_expect_success 'rule2: a client address outside the scope' '
	scope from "user deploy" "host *" "addr 192.0.2.0/24" "addr 2001:db8::/32" "cmd id -un" &&
	test_expect_code 255 hv_ssh from $at id -un &&
	grep "Connection closed\|not permitted\|from" "$HS_TMP/sshd.log" >/dev/null &&
	scope local "user deploy" "host *" "addr 127.0.0.0/8" "cmd id -un" &&
	test "$(hv_ssh local $at id -un)" = deploy &&
	scope split "user deploy" "host *" "addr 127.0.0.0/8" "cmd id -un" -- \
		"user deploy" "host *" "addr 192.0.2.0/24" "cmd id" &&
	test "$(hv_ssh split $at id -un)" = deploy &&
	test_expect_code 126 hv_ssh split $at id 2>"$HS_TMP/err" &&
	grep "^handseal: refused, command-outside-scope: " "$HS_TMP/err"
'
test_expect_success 'rule9: a refused command is told why, and what is allowed' '
	test_expect_code 126 hv_ssh good $at cat /etc/passwd >"$HS_TMP/out" 2>"$HS_TMP/err" &&
	test ! -s "$HS_TMP/out" && grep "^handseal: refused, command-outside-scope: " "$HS_TMP/err" &&
	grep -x "  id -un" "$HS_TMP/err" && grep -x "  echo \.\.\." "$HS_TMP/err" &&
	hs_wait_for "grep -q \"handseal-shell.*refused, command-outside-scope.*cat /etc/passwd (from\" \"$HS_TMP/syslog\"" 5
'
test_expect_success 'no interactive shell' '
	echo "touch $HS_TMP/never" | test_expect_code 126 hv_ssh good $at 2>"$HS_TMP/err" &&
	grep "refused, command-outside-scope" "$HS_TMP/err" && test ! -e "$HS_TMP/never"
'
test_expect_success 'no terminal unless the command'\''s own statement permits one' '
	hv_ssh good -tt $at echo x >"$HS_TMP/out" 2>"$HS_TMP/err" ;
	grep "PTY allocation request failed" "$HS_TMP/err" &&
	scope pty "user deploy" "host *" "addr *" "cmd id -un" -- \
		"user deploy" "host *" "addr *" "cmd tty" "permit pty" &&
	hv_ssh pty -tt $at tty && test_expect_code 126 hv_ssh pty -tt $at id -un >"$HS_TMP/out" &&
	grep "refused, pty-outside-scope" "$HS_TMP/out" && test "$(hv_ssh pty $at id -un)" = deploy
'
test_expect_success 'a command that is allowed and not there, or cannot be run' '
	echo "no #!" >"$HS_HOME_deploy/noexec" && chmod 755 "$HS_HOME_deploy/noexec" &&
	scope none "user deploy" "host *" "addr *" "cmd nonesuch" "cmd ./id" "cmd /no/such" \
		"cmd $HS_HOME_deploy/noexec" "cmd /etc" &&
	for c in nonesuch ./id /no/such; do
		test_expect_code 127 hv_ssh none $at $c || return 1
	done &&
	test_expect_code 126 hv_ssh none $at $HS_HOME_deploy/noexec &&
	test_expect_code 126 hv_ssh none $at /etc
'
test_expect_success 'what is in the account'\''s home or PATH does not stand in for a command' '
	mkdir "$HS_HOME_deploy/bin" && printf "#!/bin/sh\necho evil\n" >"$HS_HOME_deploy/bin/id" &&
	chmod -R 755 "$HS_HOME_deploy/bin" && cp "$HS_HOME_deploy/bin/id" "$HS_HOME_deploy/id" &&
	echo "PATH=$HS_HOME_deploy/bin:.; export PATH" >"$HS_HOME_deploy/.profile" &&
	cp "$HS_HOME_deploy/.profile" "$HS_HOME_deploy/.bashrc" &&
	test "$(hv_ssh good $at id -un)" = deploy && rm -r "$HS_HOME_deploy/bin" "$HS_HOME_deploy/id"
'
test_expect_success 'more than 200 tricks with quotes run nothing else' '
	mkdir "$HS_TMP/canary" && chmod 1777 "$HS_TMP/canary" && chmod 755 "$HS_TMP" &&
	hs_spawn master ssh $HS_SSH_OPTS -i "$HS_TMP/id" -o CertificateFile="$HS_TMP/good-cert.pub" \
		-o ControlMaster=yes -o ControlPath="$HS_TMP/mux" -N $at &&
	hs_wait_for "test -S $HS_TMP/mux || ! hs_alive master" 10 &&
	"$HS_SRC/tests/lib/tricks" "$HS_TMP/canary" ssh $HS_SSH_OPTS -T -o ControlPath="$HS_TMP/mux" -- $at \
		&& test -z "$(ls "$HS_TMP/canary")" && hv_leave "$HS_TMP/mux"
'
test_expect_success 'a login that runs on past its certificate'\''s end starts nothing new' '
	in_time 4 "hv_cert brief grant-after=-100 after=-90 before=\$life && end=\$((\$(date +%s) + life)) &&
		hs_spawn master ssh $(echo $HS_SSH_OPTS) -i $HS_TMP/id -o CertificateFile=$HS_TMP/brief-cert.pub \
			-o ControlMaster=yes -o ControlPath=$HS_TMP/mux2 -N $at &&
		hs_wait_for \"test -S $HS_TMP/mux2 || ! hs_alive master\" 10 &&
		test \"\$(ssh $(echo $HS_SSH_OPTS) -o ControlPath=$HS_TMP/mux2 $at id -un)\" = deploy" "hv_leave $HS_TMP/mux2" &&
	hs_wait_for "test \$(date +%s) -gt $end" 40 &&
	test_expect_code 126 ssh $HS_SSH_OPTS -o ControlPath="$HS_TMP/mux2" $at id -un 2>"$HS_TMP/err" &&
	grep "refused, expired" "$HS_TMP/err" && hv_leave "$HS_TMP/mux2"
'

listen_() { # a service on a loopback port
	hs_spawn "$1" perl -MIO::Socket::INET -e '
		my $s = IO::Socket::INET->new(Listen => 5, LocalAddr => "127.0.0.1", LocalPort => 0);
		$| = 1; print $s->sockport, "\n";
		while (my $c = $s->accept) { print $c "hello\n"; close $c }' &&
		hs_wait_for "test -s '$HS_TMP/$1.log'" 10
}
# Asks through a forwarding to $1 (host:port) with certificate $2: what comes back is printed.
forward_() {
	hv_ssh "$2" -W "$1" $at </dev/null 2>"$HS_TMP/err"
}

test_expect_success 'no forwarding of any kind without a permit' '
	listen_ one && listen_ two && one=$(cat "$HS_TMP/one.log") two=$(cat "$HS_TMP/two.log") &&
	test -z "$(forward_ 127.0.0.1:$one good)" && grep -i "prohibited\|forwarding failed" "$HS_TMP/err" &&
	scope noport "user deploy" "host *" "addr *" "cmd *" "permit pty" &&
	test -z "$(forward_ 127.0.0.1:$one noport)"
'
test_expect_success 'not even with one, where verify.conf does not say PortForwarding' '
	scope port "user deploy" "host *" "addr *" "cmd id -un" "permit port-forwarding" \
		"open 127.0.0.1:$one" &&
	test -z "$(forward_ 127.0.0.1:$one port)"
'
test_expect_success 'with both, the named place can be reached, and no other' '
	hs_stop sshd && hs_sshd_start "AllowStreamLocalForwarding no" &&
	hv_conf "HostName web1.example.com" "PortForwarding yes" &&
	test "$(forward_ 127.0.0.1:$one port)" = hello &&
	test -z "$(forward_ 127.0.0.1:$two port)" && test -z "$(forward_ localhost:$one port)" &&
	test "$(hv_ssh port $at id -un)" = deploy
'
test_expect_success 'nothing listens at the server, and no agent or X11 comes through' '
	free=$(hs_free_port) &&
	! hv_ssh port -o ExitOnForwardFailure=yes -R 127.0.0.1:$free:127.0.0.1:$one $at id -un &&
	! hv_ssh port -o ExitOnForwardFailure=yes -R "$HS_TMP/r.sock:127.0.0.1:$one" $at id -un &&
	scope agent "user deploy" "host *" "addr *" "cmd env" &&
	SSH_AUTH_SOCK=/nonexistent hv_ssh agent -A $at env >"$HS_TMP/out" &&
	! grep -E "SSH_AUTH_SOCK|DISPLAY" "$HS_TMP/out" && hv_conf
'

test_expect_success 'a verify.conf with a mistake admits nobody, and the log says where' '
	hv_conf "HostName web1.example.com" "MaxGrant forever" &&
	hv_refused "verify.conf:2:" hv_ssh good $at id -un && hv_conf
'
test_expect_success 'rule2: no roots file, one that others may write, a folder likewise' '
	mv "$HS_SERVER/roots" "$HS_SERVER/r" && hv_refused io-failed hv_ssh good $at id -un &&
	mv "$HS_SERVER/r" "$HS_SERVER/roots" && chmod 666 "$HS_SERVER/roots" &&
	hv_refused "can be written by others" hv_ssh good $at id -un && chmod 644 "$HS_SERVER/roots" &&
	chmod 777 "$HS_SERVER" && hv_refused "can be written by others" hv_ssh good $at id -un &&
	chmod 755 "$HS_SERVER" && chown other "$HS_SERVER/roots" &&
	hv_refused "must be root" hv_ssh good $at id -un && chown root "$HS_SERVER/roots" &&
	test "$(hv_ssh good $at id -un)" = deploy
'
test_expect_success '--else runs for keys that are none of ours, and only for them' '
	printf "#!/bin/sh\necho \"\$#:\$*\"\n" >"$HS_TMP/elsewhere" && chmod 755 "$HS_TMP/elsewhere" &&
	verify="handseal-verify --config $HS_SERVER --log stderr keys deploy" &&
	pub=$(cut -d" " -f2 "$HS_TMP/id.pub") && cert=$(cut -d" " -f2 "$HS_TMP/foreign-cert.pub") &&
	test "$($verify ssh-ed25519 $pub --else "$HS_TMP/elsewhere" a "b  c" "")" = "3:a b  c " &&
	ssh-keygen -q -t ed25519 -N "" -f "$HS_TMP/ca" && cp "$HS_TMP/id.pub" "$HS_TMP/plain.pub" &&
	ssh-keygen -q -s "$HS_TMP/ca" -I x -n deploy "$HS_TMP/plain.pub" &&
	plain=$(cut -d" " -f2 "$HS_TMP/plain-cert.pub") && t=ssh-ed25519-cert-v01@openssh.com &&
	test "$($verify $t $plain --else "$HS_TMP/elsewhere")" = "0:" &&
	test -z "$($verify $t $plain 2>&1)" && test -z "$($verify ssh-ed25519 $pub 2>&1)" &&
	test -z "$($verify $t $cert --else "$HS_TMP/elsewhere" 2>"$HS_TMP/said")" &&
	grep root-unknown "$HS_TMP/said" &&
	test -z "$($verify $t "AAAA" --else "$HS_TMP/elsewhere")" &&
	: >"$HS_SERVER/verify.conf.no" && mv "$HS_SERVER/verify.conf" "$HS_SERVER/v" &&
	test "$($verify ssh-ed25519 $pub --else "$HS_TMP/elsewhere")" = "0:" &&
	mv "$HS_SERVER/v" "$HS_SERVER/verify.conf"
'
test_expect_success 'a command line with mistakes is refused' '
	for line in "" "key" "keys" "keys deploy" "keys deploy ssh-ed25519" "keys a b c d" \
		"keys a b c --else" "keys a b c --connection" "keys a b c --else relative" "--config" "--config a --config b keys a b c" \
		"--log syslog keys a b c" "--log stderr --log stderr keys a b c" "--shell sh keys a b c" \
		"--shell /a;b keys a b c" "--what keys a b c" "explain" "explain a b" "explain --user" \
		"explain a --user b --user c" "explain a --json --json" "explain a --from 1.2.3.4" \
		"explain a --user b --cmd c" "explain a --at tomorrow" "--log stderr explain a"; do
		test_expect_code 2 handseal-verify $line 2>/dev/null || { echo "# $line" && return 1; }
	done
'
test_expect_success 'handseal-shell with a wrong argument runs nothing' '
	cd "$HS_TMP" &&
	test_expect_code 2 hs_as deploy "$HS_LIBEXEC/handseal-shell" &&
	test_expect_code 2 hs_as deploy "$HS_LIBEXEC/handseal-shell" a b &&
	for arg in "" AAAA "-c" "id" "@@@@" "$(head -c 90000 /dev/zero | tr "\0" A)"; do
		SSH_ORIGINAL_COMMAND="id -un" SSH_CONNECTION="127.0.0.1 1 127.0.0.1 2" \
			test_expect_code 126 hs_as deploy "$HS_LIBEXEC/handseal-shell" "$arg" >out 2>err || return 1
		test ! -s out && grep "refused, malformed" err || return 1
	done
'
hs_done
