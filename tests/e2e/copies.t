#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: the scope lines of handseal-shell's page are those that the real sftp, scp, rsync and git need, in each way
# that these can be run, and a line for one thing lets no other through.
test_description='sftp, scp, rsync and git by the obvious lines'
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/verify.sh"
hs_ns "$0" "$@"
hs_init "$@"

at=deploy@127.0.0.1
home=$HS_HOME_deploy
# scope NAME LINE...: a certificate for these commands
scope() {
	scope_=$1
	shift
	hv_scope "user deploy" "host *" "addr *" "$@" >"$scope_.scope" && hv_cert $scope_ scope="$scope_.scope"
}
# opts NAME: for a client that takes no -p
opts() { echo $(echo $HS_SSH_OPTS | sed "s/-p [0-9]*//") -o Port=$HS_PORT -i "$HS_TMP/id" -o CertificateFile="$HS_TMP/$1-cert.pub"; }
in_home() { printf '%s\n' "$2" >"$home/$1" && chown deploy: "$home/$1"; }
sftp_() { printf '%s\n' "$2" | sftp -q -b - $(opts $1) $at 2>err; }
scp_() { scp_c_=$1 && shift && scp -q $(opts $scp_c_) "$@" 2>err; }
rsync_() { rsync_c_=$1 && shift && rsync -e "ssh $(opts $rsync_c_)" "$@" 2>err; }
git_() { git_c_=$1 && shift && GIT_SSH_COMMAND="ssh $(opts $git_c_)" git "$@" 2>err; }
# asks ARG...: what rsync would have the server run, which depends on its version
asks() { rsync -e "$HS_TMP/words" "$@" 2>/dev/null; cat "$HS_TMP/asked"; }
no() { ! "$@" && grep "handseal: refused, command-outside-scope" err; }

test_expect_success 'a server, files, a repository' '
	hv_setup && in_home file hello && in_home "two words" spaced && mkdir "$home/up" "$home/tree" && echo leaf >"$home/tree/leaf" && chown -R deploy: "$home/up" "$home/tree" && echo mine >mine &&
	git init -q --bare "$home/repo.git" && git init -q w && git -C w -c user.name=a -c user.email=a@b commit -q --allow-empty -m one && git -C w push -q "$home/repo.git" HEAD:main && git -C "$home/repo.git" symbolic-ref HEAD refs/heads/main && cp -r "$home/repo.git" "$home/other repo.git" && chown -R deploy: "$home/repo.git" "$home/other repo.git"
'
test_expect_success 'sftp: reading' '
	scope sftp "cmd subsystem:sftp" && sftp_ sftp "get file got" && cmp got "$home/file" && sftp_ sftp "get \"two words\" got2" && cmp got2 "$home/two words" && sftp_ sftp "ls tree" | grep leaf && for c in "put mine up/mine" "rm file" "mkdir up/d" "rename file up/f" "chmod 777 file" "ln -s file up/l"; do ! sftp_ sftp "$c" || return 1; done && grep hello "$home/file" && test -z "$(ls "$home/up")"
'
test_expect_success 'sftp: writing, in a line of its own' '
	scope sftpw "cmd subsystem:sftp-write" && sftp_ sftpw "put mine up/mine" && cmp mine "$home/up/mine" && sftp_ sftpw "get file got" && sftp_ sftpw "rm up/mine" && no hv_ssh sftpw $at id 2>err
'
test_expect_success 'scp, as it is since 9.0, is sftp' '
	rm -f got && scp_ sftp $at:file got && cmp got "$home/file" && scp_ sftp -r $at:tree . && cmp tree/leaf "$home/tree/leaf" && ! scp_ sftp mine $at:up/ && scp_ sftpw mine $at:up/ && cmp mine "$home/up/mine" && rm "$home/up/mine"
'
test_expect_success 'scp -O, and one before 9.0: a line for each file and direction' '
	scope from "cmd scp -f file" && rm got && scp_ from -O $at:file got && cmp got "$home/file" && no scp_ from -O "$at:two words" got && no scp_ from -O mine $at:file && no scp_ from -O -r $at:tree . &&
	scope to "cmd scp -t up/mine" && scp_ to -O mine $at:up/mine && cmp mine "$home/up/mine" && no scp_ to -O mine $at:up/other && no scp_ to -O mine $at:.bashrc && no scp_ to -O $at:up/mine got && rm "$home/up/mine" &&
	scope any "cmd scp -f ..." && rm got && scp_ any -O -T "$at:\"two words\"" got && cmp got "$home/two words" && no scp_ any -O mine $at:up/mine
'
test_expect_success 'rsync: reading one tree, writing another' '
	printf "#!/bin/sh\nshift\necho \"\$@\" >\"$HS_TMP/asked\"\nexit 1\n" >"$HS_TMP/words" && chmod 755 "$HS_TMP/words" && asks -a x:tree/ y | grep "^rsync --server --sender -.* . tree/\$" && scope rfrom "cmd $(asks -a x:tree/ y)" && rsync_ rfrom -a $at:tree/ got.d/ && cmp got.d/leaf "$home/tree/leaf" && no rsync_ rfrom -a $at:file got.d/ && no rsync_ rfrom -a mine $at:tree/ && no rsync_ rfrom -a --delete mine $at:tree/ &&
	scope rto "cmd $(asks -a mine x:up/)" && rsync_ rto -a mine $at:up/ && cmp mine "$home/up/mine" && no rsync_ rto -a mine $at: && no rsync_ rto -a $at:up/ got.d/ && no rsync_ rto -a --delete ./ $at:up/
'
test_expect_success 'rsync: any, by a prefix' '
	scope rany "cmd rsync --server --sender ..." && rsync_ rany -av $at:file got.f && cmp got.f "$home/file" && rsync_ rany -rz $at:tree/ got.e/ && cmp got.e/leaf "$home/tree/leaf" && no rsync_ rany mine $at:up/
'
test_expect_success 'git: fetching and pushing, one repository' '
	scope fetch "cmd git-upload-pack repo.git" && git_ fetch clone -q $at:repo.git c && test "$(git -C c log --format=%s)" = one && no git_ fetch clone -q "$at:other repo.git" d && no git_ fetch clone -q "$at:../deploy/repo.git" d && git -C c -c user.name=a -c user.email=a@b commit -q --allow-empty -m two && no git_ fetch -C c push -q && no git_ fetch archive --remote=$at:repo.git HEAD &&
	scope push "cmd git-upload-pack repo.git" "cmd git-receive-pack repo.git" && git_ push -C c push -q && test "$(git -C "$home/repo.git" -c safe.directory="*" log -1 --format=%s main)" = two &&
	scope spaced "cmd git-upload-pack '\''other repo.git'\''" && git_ spaced clone -q "$at:other repo.git" e && test "$(git -C e log --format=%s)" = one && no git_ spaced clone -q $at:repo.git f &&
	scope path "cmd git-upload-pack $home/repo.git" && git_ path clone -q ssh://$at:$HS_PORT$home/repo.git g
'
hs_done
