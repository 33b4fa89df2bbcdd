#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: the server's two files under a real sshd: whoever could change them is root or
# nobody logs in, what is written counts from the next login on, mistakes are named by file and
# line, and PortForwarding opens what the scope names and nothing else.
test_description='roots and verify.conf'
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/verify.sh"
hs_ns "$0" "$@"
hs_init "$@"

at=deploy@127.0.0.1
roots=$HS_SERVER/roots conf=$HS_SERVER/verify.conf

works() { test "$(hv_ssh good $at id -un)" = deploy; }
refused() { hv_refused "refused deploy: $1" hv_ssh good $at id -un; } # REGEX
keys() { # USER DIR: what handseal-verify prints for deploy when USER runs it
	read -r t k _ <"$HS_TMP/good-cert.pub"
	hs_as "$1" handseal-verify --config "$2" --log stderr keys deploy "$t" "$k" 2>"$HS_TMP/said"
}
prints() { keys "$@" | grep "^restrict,cert-authority,"; }
silent() { # REGEX USER DIR
	why=$1
	shift
	test -z "$(keys "$@")" && grep "refused deploy: $why" "$HS_TMP/said"
}

test_expect_success 'a server, roots, an agent that can log in' 'hv_setup && hv_cert good && works'
test_expect_success 'what is changed counts at once, without a word to sshd' '
	hv_roots "users=\"other\" $(cat "$HS_TMP/root.pub")" && refused root-not-for-user &&
	hv_roots "# users=\"deploy\" $(cat "$HS_TMP/root.pub")" && refused root-unknown && hv_roots && works
'

test_expect_success 'rule2: either file missing, or both, or their folder' '
	rm "$conf" && refused "io-failed: $conf: No such file" &&
	rm "$roots" && refused "io-failed: $roots: No such file" && hv_conf &&
	refused "io-failed: $roots" && hv_roots && works &&
	mv "$HS_SERVER" "$HS_SERVER.away" && refused io-failed && mv "$HS_SERVER.away" "$HS_SERVER" && works
'
test_expect_success 'rule2: verify.conf in the power of others' '
	chmod 646 "$conf" && refused "config-invalid: $conf can be written by others" && chmod 644 "$conf" &&
	chgrp 4002 "$conf" && chmod 664 "$conf" && refused "config-invalid: .*by others" &&
	chgrp 0 "$conf" && refused "config-invalid: .*by others" && chmod 644 "$conf" &&
	chown other "$conf" && refused "config-invalid: $conf belongs to uid 4002: it must be root" &&
	chown root "$conf" && works
'
test_expect_success 'rule2: a folder above in the power of others' '
	up=$(dirname "$HS_SERVER") && chmod 775 "$up" && refused "config-invalid: $up can be written" &&
	chmod 755 "$up" && chown deploy "$up" && refused "config-invalid: $up belongs to uid 4001" &&
	chown root "$up" && works && chmod 1777 "$up" && works && chmod 755 "$up"
'
test_expect_success 'rule2: a link is judged by where it leads' '
	mkdir "$HS_SERVER/real" && mv "$roots" "$HS_SERVER/real/roots" && ln -s real/roots "$roots" && works &&
	chown -h other "$roots" && works && chmod 777 "$HS_SERVER/real" &&
	refused "config-invalid: .*/real can be written" && chmod 755 "$HS_SERVER/real" && works &&
	mkdir "$HS_HOME_deploy/etc" && cp "$HS_SERVER/real/roots" "$HS_HOME_deploy/etc/" &&
	chmod 711 "$HS_HOME_deploy" && ln -sf "$HS_HOME_deploy/etc/roots" "$roots" &&
	refused "config-invalid: $HS_HOME_deploy belongs to uid 4001" && chmod 700 "$HS_HOME_deploy" &&
	ln -sf roots "$roots" && refused io-failed && rm "$roots" && mv "$HS_SERVER/real/roots" "$roots" &&
	rmdir "$HS_SERVER/real" && works
'
test_expect_success 'rule2: what is no file, and does not hold up the login' '
	mv "$roots" "$HS_SERVER/r" && mkfifo "$roots" && refused "config-invalid: $roots is not a regular file" &&
	rm "$roots" && mkdir "$roots" && refused "config-invalid: .*not a regular file" && rmdir "$roots" &&
	ln -s /dev/zero "$roots" && refused "config-invalid: .*not a regular file" && rm "$roots" &&
	mv "$HS_SERVER/r" "$roots" && works
'
test_expect_success 'rule2: a file that the command'\''s user may not read' '
	chmod 600 "$roots" && refused "io-failed: $roots: Permission denied" && chmod 644 "$roots" &&
	chmod 600 "$conf" && refused "io-failed: $conf: Permission denied" && chmod 644 "$conf" && works
'
test_expect_success 'rule10: a file that is too long' '
	head -c 262145 /dev/zero | tr "\0" "#" >"$roots" && refused "too-long: $roots is longer than" &&
	hv_roots && works
'
test_expect_success 'rule10: more roots than there may be' '
	for i in $(seq 65); do
		test $i = 1 || forgecert root ed25519 "$HS_TMP/many"
		test -e "$HS_TMP/many.pub" || cp "$HS_TMP/root.pub" "$HS_TMP/many.pub"
		echo "users=\"deploy\" $(cat "$HS_TMP/many.pub")"
		rm "$HS_TMP/many.pub"
	done >"$HS_TMP/65" && head -n 64 "$HS_TMP/65" >"$roots" && works && cp "$HS_TMP/65" "$roots" &&
	refused "too-long: $roots" && hv_roots && works
'

test_expect_success '--config: a folder of one'\''s own, without rights' '
	mine=$HS_HOME_deploy/server && mkdir "$mine" && cp "$roots" "$conf" "$mine/" &&
	chmod 755 "$HS_HOME_deploy" && chown -R deploy "$mine" && prints deploy "$mine" &&
	silent "config-invalid: .* belongs to uid 4001: it must be root" other "$mine" &&
	silent "config-invalid: .* belongs to uid 4001" nobody "$mine" && prints other "$HS_SERVER" &&
	chown other "$mine/verify.conf" && silent "config-invalid: .*verify.conf belongs to uid 4002" deploy "$mine" &&
	chown deploy "$mine/verify.conf" && chmod 666 "$mine/roots" && silent "config-invalid" deploy "$mine" &&
	silent "io-failed" deploy "$mine/none" && silent "io-failed" deploy none && chmod 700 "$HS_HOME_deploy"
'
test_expect_success '--config: as root, files of others will not do' '
	silent "config-invalid: .* belongs to uid 4001" root "$HS_HOME_deploy/server"
'

test_expect_success 'rule9: each bad line of roots is named, by file, line and why; the others hold' '
	hv_roots "user=\"deploy\" $(cat "$HS_TMP/root2.pub")" "direct,direct $(cat "$HS_TMP/root2.pub")" \
		"users=\"deploy\" $(cat "$HS_TMP/root.pub") Anna" "users=\"root\" $(cat "$HS_TMP/root.pub") again" \
		"$(cat "$HS_TMP/id.pub")" "max-grant=0 $(cat "$HS_TMP/root2.pub")" "direct" &&
	: >"$HS_TMP/syslog" && works && hs_wait_for "grep -q roots:7: \"$HS_TMP/syslog\"" 5 &&
	grep "handseal-verify.*$roots:1:1: line skipped: there is no such option" "$HS_TMP/syslog" &&
	grep "$roots:2:8: line skipped: this option stands here already" "$HS_TMP/syslog" &&
	grep "$roots:4:14: line skipped: the key stands in line 3 already" "$HS_TMP/syslog" &&
	grep "$roots:5:1: line skipped: a root is a key on a security key" "$HS_TMP/syslog" &&
	grep "$roots:6:11: line skipped: this must be a time" "$HS_TMP/syslog" &&
	grep "$roots:7:7: line skipped: the key is missing" "$HS_TMP/syslog" &&
	! grep "roots:3:" "$HS_TMP/syslog" && hv_roots
'
test_expect_success 'rule2: roots.d/USER is for that user alone, and is root'\''s' '
	hv_roots "users=\"root\" $(cat "$HS_TMP/root2.pub")" && refused root-unknown && mkdir "$HS_SERVER/roots.d" &&
	refused root-unknown && echo "$(cat "$HS_TMP/root.pub") Anna" >"$HS_SERVER/roots.d/deploy" && works &&
	hv_scope "user deploy" "user other" "host *" "addr *" "cmd id -un" >"$HS_TMP/two" && hv_cert two scope="$HS_TMP/two" &&
	test "$(hv_ssh two $at id -un)" = deploy && hv_refused root-unknown hv_ssh two other@127.0.0.1 id -un &&
	chown deploy "$HS_SERVER/roots.d/deploy" && refused "config-invalid: $HS_SERVER/roots.d/deploy belongs to uid 4001" &&
	chown root "$HS_SERVER/roots.d/deploy" && works && echo "users=\"other\" $(cat "$HS_TMP/root.pub")" >"$HS_SERVER/roots.d/deploy" &&
	refused root-unknown && hs_wait_for "grep -q \"roots.d/deploy:1:1: line skipped: in this file users= can name deploy alone\" \"$HS_TMP/syslog\"" 5 &&
	ln -sf "$HS_HOME_deploy/roots" "$HS_SERVER/roots.d/deploy" && cp "$HS_TMP/root.pub" "$HS_HOME_deploy/roots" && chmod 711 "$HS_HOME_deploy" &&
	refused "config-invalid: $HS_HOME_deploy belongs to uid 4001" && chmod 700 "$HS_HOME_deploy" && refused io-failed &&
	for u in "../roots.d/deploy" . .. ""; do
		read -r t k _ <"$HS_TMP/good-cert.pub" && test -z "$(handseal-verify --config "$HS_SERVER" --log stderr keys "$u" "$t" "$k" 2>"$HS_TMP/said")" &&
			grep "root-unknown" "$HS_TMP/said" || { echo "# $u" && return 1; }
	done && rm -r "$HS_SERVER/roots.d" "$HS_HOME_deploy/roots" && hv_roots && works
'
test_expect_success 'rule2: lists that a root of roots.d signs down to count for that user, and handseal-shell knows it too' '
	hv_roots "users=\"root\" $(cat "$HS_TMP/root2.pub")" && mkdir "$HS_SERVER/roots.d" && cp "$HS_TMP/root.pub" "$HS_SERVER/roots.d/deploy" &&
	mkdir "$HS_TMP/lists" && chmod 755 "$HS_TMP" && hv_conf "HostName web1.example.com" "Revocations $HS_TMP/lists" && works &&
	forgelist "$HS_TMP/lists/$(cut -d" " -f2 "$HS_TMP/session.pub" | base64 -d | sha256sum | cut -c1-16).list" root="$HS_TMP/root" session="$HS_TMP/session" serials=77 && works && hv_cert s77 serial=77 &&
	hv_refused "refused deploy: revoked" hv_ssh s77 $at id -un && rm -r "$HS_SERVER/roots.d" "$HS_TMP/lists" && hv_roots && hv_conf && works
'
test_expect_success 'rule9: a mistake in verify.conf admits nobody, and has a place' '
	for line in "HostName *:1:10" "HostName web1.example.com *.example.com:1:27" "Hostname:1:9" \
		"RequireUV maybe:1:11" "MaxGrant 24h 8h:1:14" "Roots /etc/x:1:1"; do
		hv_conf "${line%:*:*}" && place=${line#"${line%:*:*}"} &&
			refused "config-invalid: $conf$place: ." || { echo "# $line" && return 1; }
	done && hv_conf "HostName web1.example.com" "# RequireUV yes" "requireuv no" "RequireUV no" &&
	refused "config-invalid: $conf:4:1: this keyword stands here already" && hv_conf && works
'
test_expect_success 'a name for each HostName line; a root'\''s own limits stand in for the server'\''s' '
	hv_conf "HostName a.example.org" "HostName web1.example.com b.example.org" && works &&
	hv_conf "HostName web1.example.com" "MaxDelegation 1m" && refused too-long-lived &&
	hv_roots "users=\"deploy\",max-delegation=1h $(cat "$HS_TMP/root.pub")" && works &&
	hv_conf && hv_roots "users=\"deploy\",max-delegation=1m $(cat "$HS_TMP/root.pub")" &&
	refused too-long-lived && hv_roots && works
'

said() { # CONNECTION: what is printed for a login from there
	read -r t k _ <"$HS_TMP/split-cert.pub" && handseal-verify --config "$HS_SERVER" --log stderr keys deploy "$t" "$k" --connection "$1" 2>"$HS_TMP/said" >"$HS_TMP/line" || { cat "$HS_TMP/said" && return 1; }
}
test_expect_success '--connection: a login from elsewhere is refused with the reason, and the line is for what holds there' '
	hv_scope "user deploy" "host *" "addr 192.0.2.0/24" "cmd *" "permit pty" -- "user deploy" "host *" "addr 198.51.100.0/24" "addr 2001:db8::/32" "cmd id" >"$HS_TMP/split" && hv_cert split scope="$HS_TMP/split" &&
	said "127.0.0.1 22 192.0.2.9 5022" && grep "^restrict,cert-authority,principals=\":handseal\",from=\"192.0.2.0/24\",pty[, ]" "$HS_TMP/line" &&
	said "192.0.2.1 22 198.51.100.9 5022" && grep "from=\"198.51.100.0/24,2001:db8::/32\",command=" "$HS_TMP/line" && said "::1 22 2001:db8::9 5022" && grep command= "$HS_TMP/line" &&
	said "192.0.2.1 22 203.0.113.9 5022" && test ! -s "$HS_TMP/line" && grep "refused deploy: address-outside-scope" "$HS_TMP/said" && said "UNKNOWN 65535 UNKNOWN 65535" && grep "from=\"192.0.2.0/24,198.51" "$HS_TMP/line" &&
	for c in "" "%C" "192.0.2.9" "192.0.2.9 1 x 2"; do said "$c" && test ! -s "$HS_TMP/line" && grep "refused deploy: usage: --connection takes" "$HS_TMP/said" || { echo "# $c" && return 1; }; done &&
	read -r t k _ <"$HS_TMP/split-cert.pub" && test "$(handseal-verify --config "$HS_SERVER" keys deploy ssh-ed25519 AAAA --connection x --else /bin/echo else)" = else
'

# Asks sshd to listen at $1 (HOST:PORT as in tcpip-forward) with the ssh command behind it.
listens() {
	hv_place_=$1
	shift
	"$@" -o ExitOnForwardFailure=yes -R "$hv_place_:127.0.0.1:9" id -un
}
test_expect_success 'PortForwarding yes: nobody can listen, not even root at the place that the line names' '
	hs_stop sshd && hs_sshd_start "AllowStreamLocalForwarding no" &&
	hv_conf "HostName web1.example.com" "PortForwarding yes" &&
	hv_scope "user deploy" "user root" "host *" "addr *" "cmd id -un" "permit port-forwarding" \
		"open *" >"$HS_TMP/ports.scope" && hv_cert ports scope="$HS_TMP/ports.scope" &&
	hv_says ports root >"$HS_TMP/line" && grep "permitopen=\"\*:\*\",permitlisten=\"NOWHERE:1\"" "$HS_TMP/line" &&
	test "$(hv_ssh ports root@127.0.0.1 id -un)" = root &&
	for place in NOWHERE:1 nowhere:1 NoWhere:1 "*:1" 127.0.0.1:1 localhost:1 "[::1]:1" 0.0.0.0:1 \
		localhost:0 "*:0" NOWHERE:0 nowhere:0; do
		! listens "$place" hv_ssh ports root@127.0.0.1 || { echo "# $place" && return 1; }
	done && ! listens "localhost:$(hs_free_port)" hv_ssh ports $at && ! listens NOWHERE:1 hv_ssh ports $at &&
	! listens "$HS_TMP/r.sock" hv_ssh ports root@127.0.0.1
'
test_expect_success 'the same sshd would listen for a plain key' '
	ssh-keygen -q -t ed25519 -N "" -f "$HS_TMP/plain" && mkdir -m 700 "$HS_HOME_deploy/.ssh" &&
	cp "$HS_TMP/plain.pub" "$HS_HOME_deploy/.ssh/authorized_keys" &&
	chown -R deploy: "$HS_HOME_deploy/.ssh" && listens localhost:0 hs_ssh -i "$HS_TMP/plain" $at
'
serve() { # NAME CLASS ARGUMENT...: a service that says hello; its log begins with "ready"
	hs_spawn "$1" perl -MIO::Socket -e '
		my $class = "IO::Socket::" . shift;
		my $s = $class->new(Listen => 5, @ARGV) or die "$!";
		$| = 1; print "ready ", $class =~ /INET/ ? $s->sockport : "", "\n";
		while (my $c = $s->accept) { print "reached\n"; print $c "hello\n"; close $c }' \
		"$2" "$3" "$4" "$5" "$6" && hs_wait_for "grep -q ready '$HS_TMP/$1.log'" 10
}
visit() { # what the Unix socket says
	perl -MIO::Socket -e 'my $s = IO::Socket::UNIX->new(Peer => shift) or exit; print <$s>' "$1"
}
test_expect_success 'PortForwarding yes: ports can be reached, no Unix socket can' '
	serve tcp INET LocalAddr 127.0.0.1 LocalPort 0 && port=$(sed -n "s/^ready //p" "$HS_TMP/tcp.log") &&
	test "$(hv_ssh ports -W 127.0.0.1:$port $at </dev/null)" = hello &&
	serve unix UNIX Local "$HS_TMP/u.sock" Type 1 && chmod 777 "$HS_TMP/u.sock" &&
	hs_spawn tunnel ssh $HS_SSH_OPTS -i "$HS_TMP/id" -o CertificateFile="$HS_TMP/ports-cert.pub" \
		-N -L "$HS_TMP/l.sock:$HS_TMP/u.sock" $at &&
	hs_wait_for "test -S \"$HS_TMP/l.sock\" || ! hs_alive tunnel" 10 &&
	test -z "$(visit "$HS_TMP/l.sock")" && ! grep reached "$HS_TMP/unix.log" &&
	test "$(visit "$HS_TMP/u.sock")" = hello && hs_stop tunnel && hv_conf
'
hs_done
