#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: what docs/AGENTS.md says of git below a seat: it pushes by the seat, signs by the seat whatever key
# the person's settings name, and who reads the commit finds the touch. Real git, a real sshd. What else git does there is
# run_ssh.t's.
test_description='the page on git'
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/snip.sh"
command -v git >/dev/null || hs_skip "git is not installed"
hs_ns "$0" "$@"
hs_init "$@"

# on_seat SCOPE NAME...: these blocks, in the repository, below a seat
on_seat() {
	on_seat_=$1
	shift
	: >block && for b in "$@"; do block $b >>block || return 1; done && cp block "$home/block" && chmod 644 "$home/block" &&
		me handseal run --scope $on_seat_ --agent claude -q -- sh -e -c "cd work && . ../block" >out 2>err || { cat out err && false; }
}
in_work() { me git -C work "$@"; }
log_of() { hs_as deploy git -C "$HS_HOME_deploy/acme.git" log --format=%s main; }
signed() { in_work cat-file commit HEAD | grep "^gpgsig -----BEGIN SSH SIGNATURE" && in_work verify-commit HEAD >out 2>&1; cat out; grep "^Good \"git\" signature with ED25519-CERT key" out; }

test_expect_success 'a person with a key of their own that git signs with, a daemon, a server with a repository' '
	person && my_daemon && opened && hs_as deploy git init -q --bare -b main "$HS_HOME_deploy/acme.git" && ssh-keygen -q -t ed25519 -N "" -f "$home/.ssh/mine" && owned "$home/.ssh" &&
	me git config --global user.name Anna && me git config --global user.email anna@example.com && me git config --global gpg.format ssh && me git config --global user.signingKey "$home/.ssh/mine" &&
	me git config --global gpg.ssh.allowedSignersFile /dev/null && me git init -q -b main work && in_work commit -q --allow-empty -m first && in_work remote add origin deploy@web1.example.com:acme.git
'
test_expect_success 'it pushes by the seat, with options behind, whatever core.sshCommand says' '
	in_work config core.sshCommand "ssh -i $home/.ssh/mine" && on_seat push git-ssh && test "$(log_of)" = first && grep "\"event\":\"sign\".*\"user\":\"deploy\",\"host\":\"web1.example.com\"" "$log" &&
	in_work commit -q --allow-empty -m second && ! on_seat web git-ssh && test "$(log_of)" = first
'
test_expect_success 'it signs by the seat, and not with the key of the person' '
	in_work commit -q -S --allow-empty -m mine && in_work verify-commit HEAD 2>err; grep "with ED25519 key $(ssh-keygen -lf "$home/.ssh/mine" | cut -d" " -f2)" err &&
	echo x >"$home/work/x" && owned "$home/work/x" && in_work add x && on_seat push git-sign && signed && grep "\"event\":\"sign\".*\"ns\":\"git\"" "$log" && test "$(in_work log -1 --format=%s)" = "Mend the door"
'
test_expect_success 'not outside of its scope: the commit is not made' '
	echo y >"$home/work/x" && in_work add x && n=$(in_work rev-list --count HEAD) && ! on_seat web git-sign && test $n = "$(in_work rev-list --count HEAD)" && hs_wait_for "grep \"\\\"code\\\":\\\"outside-scope\\\".*\\\"ns\\\":\\\"git\\\"\" $log" 5
'
test_expect_success 'once for all seats, where no key is set' '
	me git config --global --unset user.signingKey && on_seat push git-config && me handseal run --scope push --agent claude -q -- git -C work commit -q -m again && signed
'
test_expect_success 'who reads the commit finds whose touch it was' '
	cp -r "$home/work" copy && chown -R root copy && block git-whose | sed "s/handseal-verify explain/& --user deploy/; s/^handseal-verify/& --config \$HS_SERVER/" >block && (cd copy && . ../block) >out; cat out; grep "blue" out && grep "claude" out
'
test_expect_success 'and git itself finds it good, once the root is an allowed signer' '
	block git-verify >"$home/verify" && chmod 644 "$home/verify" && me sh -e -c "cd work && . ../verify" >out 2>err && cat out err && grep "^Good \"git\" signature for anna@example.com with ED25519-CERT key" err
'
hs_done
