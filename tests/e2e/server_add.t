#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: `handseal server add` on a stock Debian server, over plain ssh: it says what it would do, does it,
# proves it by logins; again it upgrades; what else stood there goes on; `remove` leaves the server byte for byte as it
# was. What goes wrong on the way is server_fail.t's.
test_description='getting onto a server'
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/cli.sh"
. "$(dirname "$0")/../lib/server.sh"
sv_begin "$@"

roots=$SV/etc/handseal/roots
config=$SV/etc/ssh/sshd_config
ours="/usr/local/bin/handseal-verify keys %u %t %k"

test_expect_success 'a stock server, a person with a key and a session' 'sv_make && sv_start && sv_person && sv_manifest before'

test_expect_success 'what is missing or makes no sense is told before anybody is connected to' '
	usage server && usage server frob && usage server add && usage server add --all root@web1 && usage server status --yes root@web1 &&
	usage server add --user "a b" root@web1 && usage server add --user "" root@web1 && usage server add --name "*.example.com" root@web1 && usage server add -- -oProxyCommand=x &&
	usage server add root@ && usage server add "root@web1 x" && usage server add --within 0 root@web1 && usage server add --print --json root@web1 &&
	does 2 "such as web1.example.com" handseal server add --user deploy root@127.0.0.1 && does 2 "a login name has" handseal server add --user "x:y" $at
'
test_expect_success 'nobody to ask, nothing done; it says what it would do' '
	does 2 "nobody can be asked here" handseal server add --user deploy $at && grep "^  trust .*blue SHA256:.* for deploy" out && grep "00-handseal.conf" out &&
	sv_manifest now && diff before now && does 1 "does NOT ask handseal-verify" handseal server status $at &&
	does 1 "handseal is not there" handseal server remove --yes $at && does 2 "user says which logins" handseal server add --yes $at
'
test_expect_success 'it does it, and proves it' '
	does 0 "id -un. works; .id -u., which is outside its scope, is refused" handseal server add --yes --user deploy $at && test "$(sv_asked)" = "$ours as handseal-verify"
'
test_expect_success 'delegated logins work, others are as they were' '
	test "$(deploy id -un)" = deploy && ! deploy id -u && grep command-outside-scope err && test "$(sv_ssh root id -un)" = root &&
	sv getent passwd handseal-verify | grep ":/nonexistent:/usr/sbin/nologin$" && test "$(stat -c "%a %u" "$roots" "$SV/etc/handseal/verify.conf" "$SV/etc/ssh/sshd_config.d/00-handseal.conf" | sort -u)" = "644 0" &&
	! find "$SV/etc" "$SV/usr" "$SV/var/lib" -name "*.handseal-*" | grep . && ! test -e "$SV/var/lib/handseal/undo"
'
test_expect_success 'status: whose roots, what it is called, and which lists, how old' '
	does 0 "asks handseal-verify, as handseal-verify" handseal server status $at && grep "^trusts  *blue.*for deploy; yours" out && grep "^called  *web1.example.com$" out && grep "^lists  *none are looked at" out &&
	mkdir "$SV/var/lib/lists" && echo "Revocations /var/lib/lists" >>"$SV/etc/handseal/verify.conf" && touch -d "3 minutes ago" "$SV/var/lib/lists/7c2e.list" && echo "# none" >"$SV/etc/handseal/revoked" &&
	does 0 "7c2e.list  3 min.* old" handseal server status $at && does 0 "" handseal server status --json $at &&
	is out "\$j->{asked} && \$j->{roots}[0]{mine} && \$j->{names}[0] eq q(web1.example.com) && \$j->{lists}[0]{name} eq q(7c2e.list) && \$j->{lists}[0]{age} >= 180 && \$j->{command_user} eq q(handseal-verify)" &&
	mkdir "$SV/etc/handseal/roots.d" && touch "$SV/etc/handseal/roots.d/other" && does 0 "roots.d/other for that login alone" handseal server status $at && rm -r "$SV/etc/handseal/roots.d" &&
	cp -p "$roots" kept && perl -e "print q(#) x 98, qq(\\n) for 1 .. 3000" >>"$roots" && does 1 "says more than can be looked at" handseal server status $at && cp -p kept "$roots" &&
	echo "nonsense" >>"$roots" && does 1 "BAD .*roots:2 is skipped" handseal server status $at && sed -i "\$d" "$roots" && sed -i "/Revocations/d" "$SV/etc/handseal/verify.conf" && rm -r "$SV/var/lib/lists" "$SV/etc/handseal/revoked"
'
test_expect_success 'again: nothing is there twice, and its settings are the owner'\''s' '
	sed -i "s/users=\"deploy\"/users=\"deploy\",max-grant=2h/" "$roots" && sv_manifest added && printf x >>"$SV/usr/local/bin/handseal-verify" &&
	does 0 "id -un. works" handseal server add --yes $at && grep "stay as they are" out && grep "handseal-verify is 0" out && sv_manifest now && diff added now
'
test_expect_success 'what root'\''s start files say first is not taken for an answer' '
	cp -p "$SV/root/.bashrc" kept && printf "echo Welcome\necho kind other\necho end 0\nprintf %%s unfinished\n" >"$SV/root/.bashrc" && does 0 "asks handseal-verify, as handseal-verify" handseal server status $at && cp -p kept "$SV/root/.bashrc"
'
test_expect_success 'a person is asked on the terminal, and may say no' '
	printf "n\n" | script -qec "handseal server remove $at" /dev/null >out 2>&1; cat out; grep "Do it? \[y/N\]" out && grep "nothing was done" out && sv_manifest now && diff added now
'
test_expect_success 'a second person adds theirs, and takes only theirs back' '
	(XDG_CONFIG_HOME=$HS_TMP/config2 && export XDG_CONFIG_HOME && mkdir -m 700 "$XDG_CONFIG_HOME" && hs_softkey_start red && hs_softkey red touch-next &&
		handseal enroll --device "softkey:$HS_TMP/red.sock" --name red >/dev/null && does 0 "NO delegated login was tried" handseal server add --yes --no-proof --user "deploy,root" $at && grep "users=\"deploy,root\" sk-" "$roots" &&
		does 0 "1 of others stay" handseal server remove --yes $at && hs_stop red) && sv_manifest now && diff added now && test "$(deploy id -un)" = deploy
'
test_expect_success 'roots of one login alone count too: where others stand there all stays, and the person'\''s own go' '
	mkdir "$SV/etc/handseal/roots.d" && cp -p "$roots" kept-roots && cp -p "$SV/var/lib/handseal/added" kept-added &&
	sed "s/.* sk-ssh/sk-ssh/" "$roots" >mine && perl -MMIME::Base64 -ne "s{(AAAA\\S+).*}{substr(\$b = decode_base64(\$1), 34, 1) ^= qq(\\1); encode_base64(\$b, q()) . q( theirs)}e && print" mine >theirs && ! cmp mine theirs &&
	cp mine "$SV/etc/handseal/roots.d/other" && does 2 "leave   1 root in roots.d, which nothing asks about then" handseal server remove $at && grep "remove  1 root, 0 of them not yours" out && { echo "# " && echo "  " && cat mine theirs; } >"$SV/etc/handseal/roots.d/other" && does 0 "2 roots of yours; 1 of others stay" handseal server remove --yes $at && test "$(sv_asked)" = "$ours as handseal-verify" && ! deploy id -un &&
	sed 1,2d "$SV/etc/handseal/roots.d/other" >left && cmp theirs left && ! grep sk-ssh "$roots" &&
	cp -p kept-roots "$roots" && cp -p kept-added "$SV/var/lib/handseal/added" && rm -r "$SV/etc/handseal/roots.d" && test "$(deploy id -un)" = deploy && sv_manifest now && diff added now
'
test_expect_success 'for programs' '
	does 2 "" handseal server add --json $at && is out "\$j->{error}{code} eq q(usage)" && does 0 "" handseal server add --json --yes $at && is out "\$j->{kept} && \$j->{proof}{worked} eq q(deploy) && \$j->{proof}{refused} eq q(command-outside-scope) && \$j->{host} eq q(web1.example.com)" &&
	sv_manifest now && diff added now
'
test_expect_success 'remove: byte for byte as before' '
	does 0 "" handseal server remove --json --yes $at && is out "grep { /asks no command again/ } @{\$j->{did}}" && sv_manifest now && diff before now && ! test -e "$SV/var/lib/handseal" && test "$(sv_asked)" = "none as none" && ! deploy id -un
'
test_expect_success 'with no session open its proof is asked for as anything else is, before anything is changed' '
	handseal close >/dev/null && does 5 "so nothing was changed" handseal server add --yes --user deploy $at && grep "have a person open one" err && sv_manifest now && diff before now && handseal policy reload >/dev/null &&
	hs_spawn watcher eventctl follow 1 && hs_wait_for "grep -qs ^last $HS_TMP/watcher.log" 10 && hs_softkey blue touch-next && does 0 "id -un. works" handseal server add --yes --user deploy $at && grep "waits for a touch" err && hs_stop watcher &&
	does 0 "asks no command again" handseal server remove --yes $at && sv_manifest now && diff before now && handseal close >/dev/null && hs_softkey blue touch-next && handseal open --user deploy --host web1.example.com --cmd "id -un" --ttl 1h >/dev/null
'
test_expect_success 'a process of somebody else that calls itself sshd is never believed' '
	printf "#!/bin/sh\ntouch /root/owned\n" >"$SV/home/deploy/sshd" && chmod 755 "$SV/home/deploy/sshd" && hs_spawn fake chroot --userspec=deploy:deploy "$SV" /bin/bash -c "exec -a \"sshd: /home/deploy/sshd -D [listener] 0 of 10-100 startups\" sleep 300" &&
	hs_spawn fake2 chroot "$SV" /bin/bash -c "exec -a \"sshd: /usr/bin/env /home/deploy/sshd [listener] 0 of 10-100 startups\" sleep 300" && hs_spawn fake3 chroot "$SV" /bin/bash -c "exec -a \"sshd: /bin/sleep 1 [listener] 0 of 10-100 startups\" sleep 300" &&
	for fake in fake fake2 fake3; do hs_wait_for "grep -q listener /proc/$(hs_pid $fake)/cmdline" 10 || return 1; done && handseal server remove --print $at >script && cp script "$SV/root/script" && { sv sh /root/script >out 2>err || { cat err && false; }; } && rm "$SV/root/script" && ! test -e "$SV/root/owned" && rm "$SV/home/deploy/sshd" && hs_stop fake && hs_stop fake2 && hs_stop fake3 && sv_manifest now && diff before now
'
test_expect_success '--print is a script that does the same, and its undoing too' '
	does 2 "user says" handseal server add --print $at && handseal server add --print --user deploy $at >script && head -n 2 script | grep "What handseal server add does" && sh -n script &&
	cp script "$SV/root/script" && sv sh /root/script >out 2>err && cat out && ! test -s err && grep "sshd -t is content; reloaded" out && rm "$SV/root/script" && test "$(sv_asked)" = "$ours as handseal-verify" && test "$(deploy id -un)" = deploy &&
	handseal server remove --print $at >script && cp script "$SV/root/script" && sv sh /root/script >out && cat out && rm "$SV/root/script" && sv_manifest now && diff before now
'
test_expect_success 'a command that sshd asks already goes on, as who the owner says' '
	printf "#!/bin/sh\ntest \$1 = other && cat /etc/other.pub\n" >"$SV/usr/local/bin/keys-of" && chmod 755 "$SV/usr/local/bin/keys-of" && sv useradd -m -s /bin/sh other && cp "$HS_TMP/admin.pub" "$SV/etc/other.pub" &&
	printf "AuthorizedKeysCommand /usr/local/bin/keys-of %%u \"a  b\"\nAuthorizedKeysCommandUser nobody\n" >"$SV/etc/ssh/sshd_config.d/50-keys.conf" && sv_reload && test "$(sv_ssh other id -un)" = other && sv_manifest before2 &&
	does 2 "run-as nobody leaves it as it is" handseal server add --yes --user deploy $at && grep "keys-of %u" err && does 2 "make    the user handseal-verify" handseal server add --run-as handseal-verify --user deploy $at && does 1 "no user nosuch" handseal server add --yes --no-proof --run-as nosuch --user deploy $at && sv_manifest now && diff before2 now &&
	does 0 "id -un. works" handseal server add --yes --run-as nobody --user deploy $at && test "$(sv_asked)" = "$ours --else /usr/local/bin/keys-of %u \"a  b\" as nobody" && test "$(sv_ssh other id -un)" = other && test "$(deploy id -un)" = deploy &&
	does 0 "asks handseal-verify already" handseal server add --yes $at && ! sv getent passwd handseal-verify &&
	does 0 "asks /usr/local/bin/keys-of" handseal server remove --yes $at && sv_manifest now && diff before2 now && test "$(sv_ssh other id -un)" = other && rm "$SV/etc/ssh/sshd_config.d/50-keys.conf" && sv_reload
'
test_expect_success 'to a command without arguments sshd hands the login, and so do we' '
	printf "AuthorizedKeysCommand /usr/local/bin/keys-of\nAuthorizedKeysCommandUser nobody\n" >"$SV/etc/ssh/sshd_config.d/50-keys.conf" && sv_reload && test "$(sv_ssh other id -un)" = other && sv_manifest before2 &&
	does 0 "id -un. works" handseal server add --yes --run-as nobody --user deploy $at && grep "no login by /usr/local/bin/keys-of was tried" out err && test "$(sv_asked)" = "$ours --else /usr/local/bin/keys-of %u as nobody" && test "$(sv_ssh other id -un)" = other && test "$(deploy id -un)" = deploy &&
	does 0 "asks /usr/local/bin/keys-of again" handseal server remove --yes $at && sv_manifest now && diff before2 now && test "$(sv_ssh other id -un)" = other &&
	printf "%s\n" "AuthorizedKeysCommand /usr/local/bin/keys\\-of" "AuthorizedKeysCommandUser nobody" >"$SV/etc/ssh/sshd_config.d/50-keys.conf" && sv_reload && does 1 "written with quotes" handseal server add --yes --no-proof --run-as nobody --user deploy $at && rm "$SV/etc/ssh/sshd_config.d/50-keys.conf" && sv_reload
'
test_expect_success 'a configuration that includes nothing: the lines come first in it, and go again' '
	cp -p "$config" kept && sed -i "/^Include/d" "$config" && printf "Match User other\n\tX11Forwarding no\n" >>"$config" && sv_reload && sv_manifest before2 &&
	does 0 "id -un. works" handseal server add --yes --user deploy $at && head -n 1 "$config" | grep "handseal: begin" && test "$(deploy id -un)" = deploy &&
	does 0 "asks no command again" handseal server remove --yes $at && sv_manifest now && diff before2 now && cp -p kept "$config" && sv_reload
'
test_expect_success 'what was set up by hand is not written over, but brought up to date' '
	handseal roots --pub >pub && mkdir "$SV/etc/handseal" && sed -n "s/^users=\"[^\"]*\"/users=\"deploy\"/p" pub >"$roots" && echo "HostName web1.example.com" >"$SV/etc/handseal/verify.conf" && mkdir -p "$SV/usr/local/libexec" &&
	cp "$HS_BIN/handseal-verify" "$SV/usr/local/bin/" && cp "$HS_LIBEXEC/handseal-shell" "$SV/usr/local/libexec/" && printf x >>"$SV/usr/local/libexec/handseal-shell" &&
	printf "%s\n" "AuthorizedKeysCommand $ours" "AuthorizedKeysCommandUser nobody" >"$SV/etc/ssh/sshd_config.d/10-mine.conf" && sv_reload && does 0 "set up by hand" handseal server status $at &&
	does 0 "id -un. works" handseal server add --yes $at && cmp "$HS_LIBEXEC/handseal-shell" "$SV/usr/local/libexec/handseal-shell" && test "$(sv_asked)" = "$ours as nobody" &&
	does 1 "somebody wrote by hand" handseal server remove --yes $at && test "$(deploy id -un)" = deploy
'
hs_done
