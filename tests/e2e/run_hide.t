#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: a person's private keys without a passphrase are warned of, and with --hide-keys a
# program below `handseal run` cannot read any, whatever it tries with the rights of that person.
test_description='private keys of the person'
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/cli.sh"
. "$(dirname "$0")/../lib/run.sh"
hs_ns "$0" "$@"
hs_init "$@"

home=$HS_HOME_deploy/.ssh
hidden() { # hidden CMD...: with --hide-keys
	opts="$opts --hide-keys"
	run "$@"
	opts=
	return $run_
}
key() { ssh-keygen -q -N "$1" -f "$home/$2" -t $3 -C x $4; } # key PASSPHRASE NAME TYPE [OPTIONS]
of() { sed -n "/^{/p" "$1" | sed -n "$2p" >j; }

test_expect_success 'a person with keys of all kinds, and a daemon that gives seats' '
	run_setup && seats fair && mkdir "$home/old keys" && key "" id_bare ed25519 && key secret id_locked ed25519 &&
	key "" "old keys/pem" rsa "-b 1024 -m PEM" && key secret "old keys/pem_locked" rsa "-b 1024 -m PEM" &&
	key "" p8 ecdsa "-m PKCS8" && key secret p8_locked ecdsa "-m PKCS8" && chown -R deploy: "$home"
'
test_expect_success 'those without a passphrase are warned of' '
	run true 2>err &&
	grep -x "handseal: ~/.ssh/id_bare has no passphrase; claude can go round all this (--hide-keys)" err &&
	grep "~/.ssh/old keys/pem has" err && grep "~/.ssh/p8 has" err && test "$(grep -c "has no passphrase" err)" = 3 &&
	opts=--json && run true 2>err && of err 1 && is j "@{\$j->{bare_keys}} == 3" && opts=-q && run true 2>err &&
	test ! -s err && opts=
'
test_expect_success 'of many, the first eight' '
	for i in 1 2 3 4 5 6 7; do cp "$home/p8" "$home/p8.$i" || return 1; done && chown deploy: "$home"/p8.* &&
	run true 2>err &&
	test "$(grep -c "has no passphrase" err)" = 8 && grep "so have 2 more keys in ~/.ssh" err && rm "$home"/p8.*
'
userns=no
$as_deploy unshare -Um true 2>/dev/null && userns=yes
[ $userns = yes ] && test_set_prereq USERNS
test_expect_success USERNS '--hide-keys: private keys are empty, all else is as it was' '
	echo "User x" >"$home/config" && cp "$home/id_bare" "$d/elsewhere" && ln -s "$d/elsewhere" "$home/link" &&
	chown deploy: "$home/config" "$d/elsewhere" && cat >look <<-EOF &&
		cd $home
		for f in id_bare id_locked "old keys/pem" p8 p8_locked link $d/elsewhere; do
			test -f "\$f" && test ! -s "\$f" && ! echo x >"\$f" || { echo "\$f" && exit 1; }
		done 2>/dev/null
		test -s id_bare.pub && grep -q User config && touch new && id -un && exit 7
	EOF
	test_expect_code 7 hidden sh ./look >out 2>err && grep -x deploy out && ! grep passphrase err &&
	test -s "$home/id_bare" &&
	test -s "$d/elsewhere" && rm "$home/new" "$home/config" && opts=--json && hidden true 2>err && of err 1 &&
	is j "@{\$j->{hidden_keys}} == 7 && !\$j->{bare_keys}" && rm "$home/link"
'
test_expect_success USERNS '--hide-keys: not to be undone' '
	cat >undo <<-EOF &&
		umount $home/id_bare
		umount -l $home/id_bare
		mount --bind $d $home
		unshare -Um umount $home/id_bare
		unshare -Urm sh -c "umount $home/id_bare; umount -l $home/id_bare; test -s $home/id_bare"
		unshare -Urm sh -c "mount --bind $home $d && test -s $d/id_bare"
		nsenter -m -t 1 true
		nsenter -U -m -t \$PPID true
		mv $home/id_bare $home/x
		rm -f $home/id_bare
		ln $home/id_bare $d/hard
		sudo -n true
	EOF
	hidden unshare -Urm true && while read -r line; do hidden sh -c "$line" </dev/null 2>>err && { echo "# $line" &&
	return 1; }; done <undo; test -s "$home/id_bare"
'
test_expect_success USERNS '--hide-keys: nor looked past by way of another process' '
	hs_as deploy cat "/proc/$(hs_pid seats)/root$home/id_bare" >out && grep PRIVATE out &&
	hidden sh -c "! cat /proc/\$PPID/root$home/id_bare" 2>err && grep "Permission denied" err &&
	hidden sh -c "! cat /proc/$(hs_pid seats)/root$home/id_bare" &&
	hidden grep -x "NoNewPrivs:	1" /proc/self/status &&
	for c in CapInh CapPrm CapEff CapAmb; do hidden grep -x "$c:	0000000000000000" /proc/self/status || return 1; done
'
test_expect_success USERNS '--hide-keys: statuses, signals, ssh through the seat, and a seat below' '
	test_expect_code 143 hidden sh -c "kill -TERM \$\$" && test_expect_code 127 hidden nonesuch &&
	printf "#!/nonesuch\n" >bad &&
	chmod 755 bad && test_expect_code 127 hidden ./bad && hidden ssh -G h >out &&
	grep -i "^identityagent .*/agent" out &&
	echo "test ! -s $home/id_bare && exit 4" >look && test_expect_code 4 hidden \
		handseal run --user a --host b --cmd c --hide-keys -- sh ./look && leaves_nothing
'
test_expect_success USERNS '--hide-keys: where the runtime folder is mounted with all that can be forbidden' '
	mkdir strict && mount -t tmpfs -o noexec,nosuid,nodev,noatime,mode=1777 tmpfs strict &&
	hs_as deploy env HANDSEAL_SOCK="$sock" XDG_RUNTIME_DIR="$d/strict" handseal run --user a --host b --cmd c --hide-keys -- \
		sh -c "command -v ssh && test ! -s $home/id_bare && ! echo x >$home/id_bare && exit 6" >out 2>err
	test $? = 6 && grep "^$d/strict/" out && umount strict
'
test_expect_success USERNS '--hide-keys: where the kernel forbids it, nobody is asked' '
	forget && opts=--hide-keys &&
	# a chroot is what the kernel lets no user make such a namespace in
	mkdir jail && mount --rbind / jail &&
	does 1 "^handseal: --hide-keys: this system does not let us make a user namespace: " \
		chroot jail $as_deploy env HANDSEAL_SOCK="$sock" "$HS_BIN/handseal" run --user a --host b --cmd c --hide-keys touch "$d/ran" &&
	umount -R -l jail && test ! -e ran && ! grep make "$sock.asked" && opts=
'
test_expect_success USERNS '--hide-keys: what cannot be looked at cannot be hidden' '
	chmod 000 "$home/id_bare" && opts=--hide-keys && does 1 "cannot look at .*id_bare: Permission denied" run true &&
	opts= &&
	run true && chown root "$home/id_bare" && hidden true && chown deploy "$home/id_bare" && chmod 600 "$home/id_bare"
'
test_expect_success '--hide-keys: nothing to hide is fine' 'rm -r "$home" && hidden true && mkdir "$home" && hidden true'
test_expect_success '--hide-keys as root, who could undo it' '
	mount -t tmpfs tmpfs /root && mkdir -m 700 /root/.ssh && ssh-keygen -q -t ed25519 -N "" -f /root/.ssh/id_bare &&
	hs_stop seats && rm -f "$sock"* && hs_spawn seats "$HS_SRC/tests/lib/seat-agent" "$sock" fair &&
	hs_wait_for "grep -qs ready $HS_TMP/seats.log" 10 && HANDSEAL_SOCK=$sock && export HANDSEAL_SOCK &&
	test_expect_code 7 timeout 20 handseal run --user a --host b --cmd c --hide-keys -- \
		sh -c "test ! -s /root/.ssh/id_bare && test -s /root/.ssh/id_bare.pub && exit 7" &&
	test -s /root/.ssh/id_bare && ! grep id_bare /proc/self/mountinfo && umount /root
'
[ $userns = yes ] || say "SKIP: this system gives users no namespaces"
hs_done
