#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: below `handseal run`, ssh and what calls it (scp, sftp, rsync, git) log in with the
# seat's key alone, to the hosts that the person's ssh_config names, whatever keys and agents it names;
# real programs, a real sshd.
test_description='ssh below a seat'
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/cli.sh"
. "$(dirname "$0")/../lib/run.sh"
for p in rsync git; do command -v $p >/dev/null || hs_skip "$p is not installed"; done
hs_ns "$0" "$@"
hs_init "$@"

home=$HS_HOME_deploy/.ssh
accepts() { # accepts USER KEY...: the server takes these public keys for USER
	accepts_=$HS_ROOT/home/$1/.ssh
	mkdir -p -m 700 "$accepts_" && shift && cat "$@" >"$accepts_/authorized_keys" &&
	chown -R --reference="$accepts_/.." "$accepts_"
}
config() { cat >"$home/config" && chown deploy: "$home/config" && chmod 600 "$home/config"; }
# the hosts, and all that could lead past the seat
hosts() {
	cat <<-EOF
		IdentityAgent $d/other.sock
		  identityfile   $home/mine
		"IdentityFile" "$home/mine"
		Identity"File" $home/mine
		= IdentityFile = $home/mine
		IDENTITIESONLY=yes
		AddKeysToAgent yes
		ForwardAgent yes
		Host web far sock
			HostName 127.0.0.1
			Port $HS_PORT
			User other
			UserKnownHostsFile "$HS_TMP/known_hosts"
			GlobalKnownHostsFile /dev/null
			BatchMode yes
			IdentityFile $home/mine
			CertificateFile $home/mine-cert.pub
		Host far
			ProxyJump deploy@web
	EOF
}
logged() { grep "$1" "$HS_TMP/sshd.log"; } # since `fresh`
fresh() { : >"$HS_TMP/sshd.log"; }
# denied CMD...: it fails below the seat, and would have worked without
denied() { as "$@" && ! run "$@"; }

test_expect_success 'a server, a person with a key of their own, an agent with the seat'\''s' '
	run_setup && hs_sshd_start && ssh-keygen -q -t ed25519 -N "" -C mine -f "$home/mine" &&
	cp "$home/mine" "$home/id_ed25519" && chown -R deploy: "$home" &&
	hs_spawn other $as_deploy ssh-agent -D -a "$d/other.sock" && hs_wait_for "[ -S $d/other.sock ]" 10 &&
	SSH_AUTH_SOCK=$d/other.sock hs_as deploy ssh-add -q "$home/mine" && seats fair && hosts | config &&
	chmod 755 "$HS_TMP" && seat=$(ssh-keygen -l -f "$d/seat" | cut -d" " -f2)
'
test_expect_success 'the seat'\''s key logs in, to where the configuration says' '
	accepts other "$d/seat.pub" && fresh && test "$(run ssh web id -un)" = other &&
	logged "Accepted publickey for other .*$seat" && ! as ssh web true && leaves_nothing
'
test_expect_success 'keys and agents that the configuration names do not' '
	accepts other "$home/mine.pub" && denied ssh web true && ! run ssh -v web true 2>err &&
	! grep "Offering.*mine" err && grep "Offering public key.*$seat" err && ! grep "Trying private key" err &&
	! run env -u SSH_AUTH_SOCK ssh web true && ! run env SSH_AUTH_SOCK="$d/other.sock" ssh web true
'
test_expect_success 'nor do the keys that ssh tries by itself, nor what the system names' '
	printf "Host *\n\tIdentityFile $home/mine\n\tSendEnv LC_SYS\n" >"$HS_TMP/ssh_config" &&
	mount --bind "$HS_TMP/ssh_config" /etc/ssh/ssh_config && hosts | grep -v -i "^[^H]*identity" | config &&
	denied ssh web true && run ssh -G web >out && ! grep -i "^identityfile.*/" out && grep -i "^sendenv LC_SYS" out &&
	rm "$home/config" &&
	! run ssh -o BatchMode=yes -o UserKnownHostsFile="$HS_TMP/known_hosts" -p $HS_PORT other@127.0.0.1 true &&
	umount /etc/ssh/ssh_config && hosts | config
'
test_expect_success 'a configuration that prefers passwords leaves out no seat' '
	{ echo "PreferredAuthentications password"; hosts; } | config && accepts other "$d/seat.pub" "$home/mine.pub" && ! as ssh web true && run ssh web true &&
	accepts other "$home/mine.pub" && hosts | config
'
test_expect_success 'options of the agent'\''s ssh do not lead past it, but a key that it names itself is used' '
	! run ssh -o IdentityAgent="$d/other.sock" web true &&
	! run ssh -o PubkeyAuthentication=no -o IdentityFile=none web true && accepts other "$d/seat.pub" &&
	run ssh -o PubkeyAuthentication=no web true && run ssh -o IdentityAgent=none web true &&
	ssh-keygen -q -t ed25519 -N "" -f "$d/job" && chown deploy: "$d/job" && accepts other "$d/job.pub" &&
	! run ssh web true && run ssh -i "$d/job" web true 2>err && ! grep "no such identity" err &&
	run ssh web -i "$d/job" true && run ssh -oIdentityFile="$d/job" web true && run ssh -vi"$d/job" web true &&
	echo hello >f && run scp -q -i "$d/job" f web: && cmp f "$HS_HOME_other/f" && rm "$HS_HOME_other/f"
'
test_expect_success 'a connection that the person has open is not the agent'\''s' '
	accepts other "$home/mine.pub" &&
	{ echo "ControlMaster auto"; echo "ControlPath $d/cm-%C"; echo "ControlPersist 60"; hosts; } | config &&
	as ssh web true && test -S "$d"/cm-* && as ssh -O check web && ! run ssh web true && as ssh -O exit web &&
	hosts | config
'
# as Ansible does
shared="-o ControlMaster=auto -o ControlPersist=60s -o ControlPath=$d/cp-%C"
test_expect_success 'nor one that the options of a program find, and none of the seat'\''s is left behind' '
	accepts other "$home/mine.pub" && as ssh $shared web true && cp=$(ls "$d"/cp-*) && as ssh -O check -S "$cp" web && ! run ssh $shared web true && ! run scp -q $shared one web:no &&
	as ssh -O exit -S "$cp" web && accepts other "$d/seat.pub" && fresh && run ssh $shared web true && test ! -e "$cp" && ! pgrep -u deploy -f "\[mux\]" && run ssh $shared web true && test "$(grep -c "Accepted publickey" "$HS_TMP/sshd.log")" = 2
'
test_expect_success 'ProxyJump: the jump goes through the seat too' '
	accepts other "$d/seat.pub" && accepts deploy "$d/seat.pub" && fresh && test "$(run ssh far id -un)" = other &&
	logged "Accepted publickey for deploy .*$seat" && logged "Accepted publickey for other .*$seat" &&
	run ssh -J deploy@web web true && accepts deploy "$home/mine.pub" && denied_() { ! run ssh -v "$@" true 2>err &&
	! grep "Accepted\|Trying private" err; } && denied_ far && denied_ -J deploy@web web &&
	accepts deploy "$home/mine.pub" "$d/seat.pub" && run ssh -J deploy@web,deploy@web web true &&
	accepts deploy "$d/seat.pub"
'
test_expect_success 'ProxyCommand ssh goes through it as well' '
	{ hosts | sed "s/ProxyJump .*/ProxyCommand ssh -W %h:%p deploy@web/"; } | config && fresh && run ssh far true &&
	logged "publickey for deploy .*$seat" && accepts deploy "$home/mine.pub" && ! run ssh far true && hosts | config
'
test_expect_success 'scp and sftp, there and back' '
	accepts other "$d/seat.pub" && echo one >one && run scp -q one web:two && run scp -q web:two three &&
	cmp one three && chown deploy: one && echo "get two four" | run sftp -q -b - web && cmp one four &&
	run scp -O -q web:two five && cmp one five && accepts other "$home/mine.pub" && denied scp -q one web:six &&
	! run sftp -q -b /dev/null web
'
test_expect_success 'rsync, whatever RSYNC_RSH said' '
	accepts other "$d/seat.pub" && mkdir tree && echo x >tree/x && chown -R deploy: tree &&
	RSYNC_RSH=false run rsync -a tree/ web:copy/ && cmp tree/x "$HS_HOME_other/copy/x" &&
	accepts other "$home/mine.pub" && denied rsync -a tree/ web:copy2/
'
test_expect_success 'git, whatever GIT_SSH, core.sshCommand and ssh.variant said' '
	accepts other "$d/seat.pub" && hs_as other git init -q --bare "$HS_HOME_other/r.git" && as git init -q -b main r &&
	as git -C r config core.sshCommand "ssh -i $home/mine" &&
	as git -C r -c user.name=x -c user.email=x@x commit -q --allow-empty -m one &&
	GIT_SSH=false GIT_SSH_COMMAND=false run git -C r push -q web:r.git main && run git clone -q -b main web:r.git r2 &&
	GIT_SSH_VARIANT=plink run git -c ssh.variant=simple ls-remote -q ssh://web:$HS_PORT/$HS_HOME_other/r.git >refs && grep refs/heads/main refs && rm refs &&
	test "$(as git -C r2 log --format=%s)" = one && accepts other "$home/mine.pub" && ! run git clone -q web:r.git r3 &&
	as git clone -q web:r.git r3
'
test_expect_success 'Include: chains, globs, ~, relative, inside of blocks, in place' '
	accepts other "$d/seat.pub" && mkdir -p "$home/conf.d/sub" && cat >"$home/config" <<-EOF &&
		Include nothing-there conf.d/*
		Host web
		    Include "~/.ssh/in host"
		Host *
		    Port 1
		    User nobody
		Include $home/last
	EOF
	cat >"$home/conf.d/20-b" <<-EOF &&
		Host web
		    IdentityFile $home/mine
		    Include ~/.ssh/deeper
	EOF
	printf "HostName 127.0.0.1\nIdentityFile $home/mine\nHost other.example.com\n User wrong\n" >"$home/deeper" &&
	printf "Port $HS_PORT\nIdentityAgent $d/other.sock\nUserKnownHostsFile $HS_TMP/known_hosts\n" >"$home/in host" &&
	printf "Host *.example.com\n\tUser example\n" >"$home/conf.d/10-a" &&
	printf "BatchMode yes\nUser late\n" >"$home/last" &&
	printf "Match user other\n\tSetEnv A=b\nMatch all\nMatch host 127.0.0.1 exec \"test %%n = web\"\n\tUser other\n" >"$home/conf.d/30-c" &&
	chown -R deploy: "$home" && chmod -R go-w "$home" && for h in web a.example.com other.example.com x; do
		as ssh -G $h | grep -v -i -E "^(identity|gssapi|hostbased|controlpath)" >plain && run ssh -G $h | grep -v -i -E "^(identity|gssapi|hostbased|controlpath)" >seated &&
		test_cmp plain seated || return 1
	done && run ssh -G web >out && grep "^user other" out && grep "^port $HS_PORT" out &&
	! grep "identityfile.*mine" out && run ssh web true
'
test_expect_success 'a file that includes itself ends as in ssh; sixteen levels are read' '
	echo "Include config" >"$home/config" && ! run ssh -G h 2>err && grep -i "too many recursive" err &&
	for i in $(seq 1 15); do echo "Include c$((i + 1))" >"$home/c$i"; done && echo "User deep" >"$home/c16" &&
	echo "Include c1" >"$home/config" && chown deploy: "$home"/c* && as ssh -G h >out && grep "^user deep" out &&
	run ssh -G h >out && grep "^user deep" out && rm "$home"/c[0-9]* && hosts | config
'
test_expect_success 'what ssh refuses is refused before anybody is asked' '
	chmod g+w "$home/config" && forget && does 1 "others can write .*config: chmod go-w" run true &&
	chmod 600 "$home/config" && echo "Include \"x" | config &&
	does 1 "config:1: the quotes of Include have no end" run true && echo "Include ~/%h" | config &&
	does 1 "config:1: Include ~/%h cannot be followed" run true && chown other "$home/config" &&
	chmod 644 "$home/config" && does 1 "belongs to uid 4002" run true && ! grep make "$sock.asked" && hosts | config
'
test_expect_success 'an error in the configuration has its line' '
	printf "IdentityFile x\n\nNonsense y\n" | config && test_expect_code 255 run ssh web 2>err &&
	grep "line 3: Bad configuration option: nonsense" err && hosts | config
'
test_expect_success 'a folder for the seat: in XDG_RUNTIME_DIR, or in /tmp where ssh could not write its name' '
	run sh -c "command -v ssh" >out && grep "^$d/run/handseal-run\..*/bin/ssh$" out && mkdir -m 700 "$d/a b" &&
	chown deploy: "$d/a b" && accepts other "$d/seat.pub" && accepts deploy "$d/seat.pub" && set -f &&
	hs_as deploy env HANDSEAL_SOCK="$sock" XDG_RUNTIME_DIR="$d/a b" handseal run $what -- \
		sh -c "command -v ssh && ssh far true" >out && set +f && grep "^/tmp/handseal-run\." out &&
	test ! -e "$(sed "s,/bin/ssh,,;q" out)"
'
test_expect_success 'a runtime folder that nothing may be executed in will do' '
	mkdir noexec && mount -t tmpfs -o noexec,nosuid,nodev,mode=1777 tmpfs noexec && set -f &&
	hs_as deploy env HANDSEAL_SOCK="$sock" XDG_RUNTIME_DIR="$d/noexec" handseal run $what -- \
		sh -c "command -v ssh && ssh far true" >out && set +f && grep "^$d/noexec/" out && umount noexec
'
test_expect_success 'the shim: no ssh behind it, and under other names' '
	test_expect_code 127 run sh -c "PATH=\${PATH%%:*}; ssh web" 2>err && grep "no ssh in PATH behind" err &&
	test_expect_code 126 run sh -c "mkdir q && : >q/ssh && PATH=\${PATH%%:*}:q && exec ssh web" 2>err &&
	grep "for ssh behind the seat.s own cannot be run" err && run sh -c "cd \${PATH%%:*} && ./ssh web true" &&
	ln -s "$HS_BIN/handseal" ssh && test_expect_code 255 ./ssh web 2>err && grep "outside of a seat" err && rm ssh &&
	run perl -e "exec {q(ssh)} q(other name), q(web), q(true)" && run ssh -V 2>err && grep OpenSSH err
'
test_expect_success 'a seat below a seat: its ssh is its own, from the person'\''s files again' '
	accepts other "$d/seat.pub" && forget && set -f &&
	run handseal run $what --agent below -q -- sh -c "ssh web id -un; echo \$HANDSEAL_SEAT; command -v ssh" >out &&
	set +f && grep "^other$" out && asked "make	below" &&
	grep "^7c2e" out | grep -v -x "$(sed -n "s/^end	//p" "$sock.asked" | tail -n 1)" &&
	test "$(sed -n "/make/p" "$sock.asked" | wc -l)" = 2 && leaves_nothing
'
test_expect_success 'also where another copy of handseal makes it' '
	cp "$HS_BIN/handseal" other-copy && set -f && run timeout 20 ./other-copy run $what --agent below -q -- sh -c "ssh web id -un && scp -q web:two seven" >out &&
	set +f && grep "^other$" out && cmp one seven && rm other-copy seven && leaves_nothing
'
hs_done
