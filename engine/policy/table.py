"""The one table of what programs do: a line per rule, read by `rules`.

    TIER  NAMES VERBS… [: OPTIONS] | what it does [| what it needs]

Names and verbs may be lists with commas. In a `read` line the options are the only ones under which it stays read
(`*`: every option is harmless; a trailing `=`: it takes a value). In the other lines they are what makes the line
apply; without options the line always applies, unless a line with more verbs does. `<none>` stands for no verb at
all. `value` and `flag` lines tell which options before the verb take a value and which do not. A program that is not
listed is `execute`; what needs more than this grammar is in the judges. Sources: manual pages, GTFOBins.
"""

from __future__ import annotations

TABLE = r"""
# ---- reading: small and exact
read ls,cat,head,tail,wc,stat,pwd,id,whoami,groups,basename,dirname,realpath,readlink,cut,tr,nl,tac,rev,paste,join,
    comm : * | only reads
read echo,true,false,test,[,:,uname,which,du,df,ps,free,uptime,nproc,arch,cmp,diff,expand,unexpand,fold,fmt,seq,
    expr,factor : * | only reads
read md5sum,sha1sum,sha224sum,sha256sum,sha384sum,sha512sum,b2sum,cksum,sum,base64,base32,od,hexdump,hd,strings,
    column,colrm : * | only reads
read grep,egrep,fgrep,zgrep,zcat,jq,tput,getconf,locale,lscpu,lsblk,lsusb,lspci,printenv,sleep,cal,nm,size,pgrep,
    tty,look,tsort,ptx : * | only reads
read cd,pushd,popd,dirs,shift,return,exit,break,continue,wait,jobs,getopts,type,let,times,ulimit,umask,shopt,caller,
    compgen,logout,local,set,unset,read,printf,mapfile,readarray,export,declare,typeset,readonly : * | stays inside the
    shell
read date : -d= -u -R -I -f= -r= --date= --utc --universal --rfc-3339= --iso-8601 --reference= | only reads
read hostname : -f -s -i -I -d --fqdn --short | only reads
read tree : -a -d -f -l -L= -P= -I= -p -s -h -u -g -D -F -q -N -r -t -n -C -i -x --dirsfirst --noreport --gitignore
    --prune --filelimit= | only reads
read file : -b -i -k -L -h -N -n -p -r -s -z --brief --mime --mime-type --mime-encoding --keep-going --dereference |
    only reads
read uniq : -c -d -D -u -i -f= -s= -w= -z --count --repeated --unique --ignore-case --skip-fields= --skip-chars= |
    only reads
read xxd : -a -b -c= -g= -l= -s= -p -ps -u -e -i | only reads
read sort : -b -d -f -g -i -M -h -n -R -r -V -c -C -m -s -u -z -k= -t= -S= --reverse --unique --numeric-sort
    --human-numeric-sort --version-sort --stable --key= --field-separator= --check --ignore-case --zero-terminated
    --random-sort --month-sort | only reads
read rg : -A= -B= -C= -c -e= -F -f= -g= -H -h -I -i -j= -L -l -M= -m= -N -n -o -P -p -q -r= -S -s -T= -t= -U -u -v
    -V -w -x -a -0 --files --files-with-matches --files-without-match --count --count-matches --hidden --no-ignore
    --glob= --iglob= --type= --type-not= --type-list --line-number --no-line-number --with-filename --no-filename
    --no-heading --heading --color= --colors= --context= --after-context= --before-context= --ignore-case --smart-case
    --case-sensitive --fixed-strings --word-regexp --multiline --max-count= --max-depth= --only-matching --invert-match
    --json --stats --sort= --sortr= --follow --no-config --regexp= --pcre2 --replace= --null --vimgrep --column --trim
    --version --help --text | only reads
destructive rg : --pre --hostname-bin | runs a program on each file
destructive sort : --compress-program | runs a program
destructive date : -s --set | sets the clock
destructive nm,ar,size : --plugin | loads a program
write sort : -o --output | writes a file
write tree : -o -R | writes a file
write file : -C --compile | writes a file
read fd,fdfind : -H -I -u -s -i -g -F -a -l -L -p -0 -d= -E= -t= -e= -S= -c= -j= --hidden --no-ignore --glob
    --absolute-path --max-depth= --exclude= --type= --extension= --full-path --color= --changed-within=
    --changed-before= --size= | only reads
destructive fd,fdfind : -x -X --exec --exec-batch | runs a program on each file
read find : -name= -iname= -path= -ipath= -wholename= -regex= -iregex= -regextype= -type= -xtype= -maxdepth=
    -mindepth= -size= -mtime= -mmin= -atime= -amin= -ctime= -cmin= -newer= -perm= -user= -group= -uid= -gid= -links=
    -inum= -empty -readable -writable -executable -not -and -or -a -o -prune -print -print0 -printf= -ls -quit -follow
    -depth -xdev -mount -true -false -L -H -P -O1 -O2 -O3 -daystart -newermt= | only reads
destructive find : -delete -exec -execdir -ok -okdir | removes files or runs a program on each
write find : -fprint -fprint0 -fprintf -fls | writes a file
read cal,ncal,ss,netstat,lsof,vmstat,iostat,dmesg,last,who,w,users,getent : * | only reads
destructive dmesg : -C -c -D -E -n --clear --read-clear --console-off --console-on --console-level | changes the
    kernel's log
destructive ss : -K --kill | closes connections of others

# ---- writing in the workdir
write mkdir,touch,cp,mv,ln,tee,rmdir,install,patch,split,csplit,mkfifo,mktemp,rename,unlink,rm,cpio,pax,dos2unix,
    unix2dos,iconv,chmod,chgrp,chown,setfacl | changes files
write tar,bsdtar,gtar,zip,unzip,gzip,gunzip,bzip2,bunzip2,xz,unxz,zstd,unzstd,lz4,7z,7za,ar,ranlib,strip,objcopy,
    sqlite3,convert,magick,pandoc,ssh-keygen | writes files
write gofmt,rustfmt,shfmt,clang-format,sponge,protoc,msgfmt | writes files
destructive split : --filter | runs a program
destructive tar,gtar,bsdtar : --checkpoint-action --to-command --use-compress-program -I --info-script
    --new-volume-script --rmt-command --rsh-command -F --remove-files --index-file --absolute-names -P | runs a program
    or writes outside
destructive zip : -T -TT --unzip-command -m --move | runs a program or removes what it packed
destructive cpio : --rsh-command -R --absolute-filenames --to-stdout-command | runs a program or writes outside
destructive chown,chgrp : -R --recursive | changes the owner of a whole tree
destructive rm : -r -R --recursive -f --force --no-preserve-root | removes without a way back
destructive install : --strip-program | runs a program
destructive patch : --ed -e | runs an editor
destructive shred,srm,wipe,dd,truncate,fallocate,mkfs,mke2fs,mkswap,fdisk,sfdisk,gdisk,parted,wipefs,blkdiscard,
    hdparm,badblocks,debugfs,tune2fs,losetup,cryptsetup,dmsetup,lvremove,vgremove,pvremove,lvreduce,zfs,zpool,btrfs,
    mdadm,fsck,xfs_repair,sgdisk,partprobe,swapon,swapoff | destroys what was there
destructive mkfs.ext4,mkfs.ext3,mkfs.ext2,mkfs.xfs,mkfs.btrfs,mkfs.vfat,mkfs.fat,mkfs.ntfs,fsck.ext4 | destroys what
    was there
destructive kill,pkill,killall,killall5,skill,xkill,fuser,reboot,shutdown,halt,poweroff,init,telinit,kexec | ends
    processes or the machine
destructive systemctl,service,initctl,rc-service,launchctl,loginctl,supervisorctl,pm2,update-rc.d,chkconfig,
    systemd-run,systemd-nspawn,machinectl,start-stop-daemon | acts on services that outlive the step
read systemctl status,is-active,is-enabled,is-failed,list-units,list-unit-files,cat,show : --no-pager -l --full -a
    --all -q --quiet --user --type= --state= | only reads
destructive crontab,at,batch,atrm,anacron,tmux,screen,dtach,abduco,zellij,daemonize,daemon,disown,emacsclient,
    dbus-send,gdbus,busctl,qdbus | hands work to something that outlives the step
destructive sudo,doas,su,runuser,pkexec,sudoedit,visudo,passwd,chpasswd,chsh,chfn,useradd,userdel,usermod,groupadd,
    groupdel,groupmod,adduser,deluser,vipw,newgrp,sg,chroot,nsenter,unshare,setpriv,capsh,setcap,chattr,mount,umount,
    pivot_root,iptables,ip6tables,nft,ufw,firewall-cmd,sysctl,modprobe,insmod,rmmod,ldconfig,update-alternatives,
    dpkg-divert,hwclock,timedatectl,hostnamectl,setenforce,semanage,auditctl,bpftool,kmod,grub-install,efibootmgr,
    dpkg-reconfigure,debconf-set-selections | changes the machine or who one is
destructive hash : -p | changes what a name means
read hash,unalias,history,complete,suspend : * | stays inside the shell
destructive alias,enable,bind,fc | changes what a name means
destructive gdb,lldb,strace,ltrace,ptrace,gcore,ed,red,rvim,rview,expect,socat,ncat,logsave,zsoelim,tcpdump,dstat,
    run-parts,check_by_ssh,busctl,ginsh,puppet | starts any program
execute strace,ltrace,gdb,lldb | runs a program under observation

# ---- git
value git : -C -c --git-dir --work-tree --namespace --exec-path --config-env --attr-source --super-prefix
flag git : --no-pager --no-optional-locks --no-replace-objects --bare --literal-pathspecs --icase-pathspecs -p
    --paginate -P --version --help
destructive git fetch,pull,ls-remote,fetch-pack : --upload-pack --exec | runs a program
execute git | runs a git command that is not listed, perhaps an alias
read git <none>,help,version : -v --version -h --help --html-path --man-path -a -g | only reads
read git status : -s -b -v -u -z --short --branch --porcelain --porcelain= --long --show-stash --ignored
    --untracked-files= --column --no-column --ahead-behind --renames --no-renames -uno -uall --verbose | only reads
read git diff,show,log,whatchanged,shortlog,blame,annotate,diff-tree,diff-index,diff-files,range-diff : -p -u -s -U=
    -z -w -b -B -M -C -D -R -S= -G= -W -a -t -c -m -n= -L= -r -e -i -E -F -P -g -l= -1 --stat --stat= --numstat
    --shortstat --dirstat --summary --name-only --name-status --cached --staged --patch --no-patch --raw --unified=
    --color --color= --no-color --color-words --word-diff --word-diff= --check --exit-code --quiet --ignore-space-change
    --ignore-all-space --ignore-blank-lines --diff-filter= --find-renames --find-copies --no-renames --minimal
    --histogram --patience --diff-algorithm= --relative --no-index --no-ext-diff --no-textconv --merge-base --oneline
    --graph --decorate --decorate= --no-decorate --all --branches --branches= --tags --remotes --since= --until=
    --after= --before= --author= --committer= --grep= --invert-grep --merges --no-merges --first-parent --follow
    --reverse --max-count= --skip= --format= --pretty --pretty= --abbrev-commit --abbrev= --no-abbrev-commit --date=
    --date-order --topo-order --source --left-right --cherry-pick --cherry-mark --full-history --simplify-merges
    --show-signature --notes --no-notes --submodule --submodule= --summary --numbered --email --group= --porcelain
    --line-porcelain --root --no-commit-id --no-prefix --text --function-context --compact-summary --ignore-submodules
    --no-mailmap --use-mailmap --walk-reflogs --full-index --binary --show-pulls --ancestry-path | only reads
destructive git diff,show,log,whatchanged,shortlog,blame,diff-tree,diff-index,diff-files,stash : --ext-diff
    --textconv | runs a program that the configuration names
write git diff,show,log,whatchanged,shortlog,diff-tree,diff-index,diff-files,stash,format-patch,archive : --output
    -o --output-directory | writes a file
read git ls-files,ls-tree,rev-parse,rev-list,describe,merge-base,name-rev,for-each-ref,show-ref,show-branch,cherry,
    count-objects,check-ignore,check-attr,check-ref-format,var,whatchanged,verify-commit,verify-tag,hash-object,fsck,
    stripspace,get-tar-commit-id,cat-file : * | only reads
execute git cat-file : --textconv --filters --batch-command | runs a filter that the configuration names
write git hash-object : -w | writes an object
read git grep : -n -i -l -L -c -e= -w -E -F -P -h -H -v -q -A= -B= -C= -o --count --name-only --files-with-matches
    --line-number --ignore-case --cached --untracked --heading --break --and --or --not --color --no-color --max-depth=
    --column --show-function -p -W | only reads
destructive git grep : -O --open-files-in-pager | runs a pager
read git branch,tag <none> : -a -r -v -vv -l --list --all --remotes --show-current --merged --no-merged --contains=
    --sort= --format= --points-at= -n --color --no-color --column | only reads
write git branch,tag | changes references
destructive git branch : -D -d --delete -f --force -M -C | removes or moves a reference
destructive git tag : -d --delete -f --force | removes or moves a reference
read git remote <none>,get-url : -v --verbose --all --push | only reads
write git remote add,rename,set-url,set-head,set-branches,remove,rm | changes the remotes
external git remote show,update,prune | asks a remote | network
read git stash list,show : -p --stat --name-only --name-status --oneline -u --patch --no-color | only reads
write git stash | puts changes aside
destructive git stash drop,clear | throws away what was put aside
read git reflog <none>,show : --all --date= -n= --oneline --no-abbrev | only reads
destructive git reflog expire,delete | forgets where the references were
read git worktree list : --porcelain -v -z | only reads
write git worktree | changes the worktrees
destructive git worktree : -f --force | throws away a worktree
read git notes list,show : * | only reads
read git submodule status,summary : --recursive --cached --quiet | only reads
external git submodule add,update,sync | fetches from remotes | network
destructive git submodule deinit | removes a submodule's files
execute git submodule | acts on the submodules
write git add,commit,mv,rm,init,merge,cherry-pick,revert,am,apply,rebase,switch,checkout,restore,reset,notes,
    update-index,read-tree,write-tree,commit-tree,mktag,mktree,symbolic-ref,update-ref,pack-refs,repack,gc,
    sparse-checkout,clean,restore,format-patch,bundle,archive,replace,rerere,checkout-index,merge-file,pack-objects,
    unpack-objects,index-pack,commit-graph,multi-pack-index,config,stash,fast-import,fast-export | changes the
    repository
write git bisect | changes the repository
destructive git reset : --hard --merge --keep | throws away uncommitted work
destructive git clean : -f --force -x -X -d -i | removes untracked files
destructive git prune,filter-branch,filter-repo,maintenance,prune-packed | removes or rewrites without a way back
destructive git checkout,switch : -f --force --discard-changes -B -C | throws away changes or a branch
destructive git rm : -f --force | removes changed files
destructive git update-ref : -d --stdin | removes a reference
destructive git replace,notes : -f --force -d --delete | removes or hides objects
destructive git gc : --prune | removes unreachable objects
destructive git read-tree,checkout-index : -u -f --reset | overwrites the work tree
destructive git rebase : -x --exec | runs a program after each commit
execute git rebase : -i --interactive | opens an editor
destructive git init,clone : --template -c --config -u --upload-pack | takes hooks, configuration or programs from
    elsewhere
destructive git archive : --exec --remote | runs a program
destructive git difftool,mergetool,daemon,instaweb,credential,credential-store,send-pack,upload-pack,receive-pack,
    shell,http-backend,gui,citool | starts other programs
external git push | sends commits to a remote | network
destructive git push : -f --force --force-with-lease --force-if-includes --mirror -d --delete --prune --receive-pack
    --exec | overwrites or removes what is on the remote
external git fetch,pull,clone,ls-remote,fetch-pack,request-pull,svn,p4,cvsimport,send-email,imap-send,http-fetch,
    http-push,archimport | reaches a remote | network
external git lfs,annex | reaches a remote | network
write git lfs track,untrack,install,ls-files,status | changes the repository
external git credential,credential-cache | handles credentials

# ---- running code of the repository
execute make,gmake,ninja,just,task,rake,invoke,nox,tox,pytest,py.test,unittest,coverage,pre-commit,ruff,mypy,
    pyright,black,isort,flake8,pylint,bandit,eslint,prettier,tsc,jest,vitest,mocha,webpack,vite,rollup,esbuild,turbo,nx,
    cmake,meson,bazel,buck,gradle,mvn,ant,sbt,cargo,rustc,go,gcc,g++,cc,c++,clang,ld,javac,java,dotnet,swift,zig,hatch,
    pdm,poetry,uv,pipenv,pip,npm,pnpm,yarn,bun,bundle,gem,composer,ctest,autoconf,automake,libtool,configure,hugo,
    mkdocs,sphinx-build | runs code or tools of the repository
value npm,pnpm,yarn,bun : --prefix -C --dir --cwd --filter -F -w --workspace --loglevel --registry --userconfig
    --cache
flag npm,pnpm,yarn,bun : --silent -s --if-present --workspaces -ws -r --recursive --verbose
external npm,pnpm,bun install,i,ci,in,ins,isntall,add,update,up,upgrade,audit,publish,login,adduser,logout,view,
    info,show,search,outdated,link,ln,dedupe,ddp,rebuild,access,owner,deprecate,unpublish,dist-tag,token,whoami,fund,
    create,init,dlx,it,cit,install-test,install-ci-test,clean-install,ic,install-clean,rm,remove,uninstall,un,prune,
    fetch,deploy,import,ping,doctor,star,hook,org,team,profile,x,patch-commit,self-update,setup,env | reaches the
    package registry | network
destructive npm unpublish,deprecate,access,owner,token | changes what is published
destructive npm,pnpm cache,store | acts on the shared cache
execute npm pack,version,run,run-script,test,t,tst,start,stop,restart,exec,ls,list,ll,config,pkg,explain,why,root,
    prefix,bin,query | runs code or tools of the repository
external yarn <none>,install,add,up,upgrade,remove,dlx,publish,npm,create,login,logout,import,audit,info,global,set,
    outdated,dedupe,upgrade-interactive | reaches the package registry | network
external npx,bunx,pnpx : -y --yes -p --package | fetches and runs a package | network
execute npx,bunx,pnpx | runs a program of the repository, or fetches it
external pip,pip3 install,download,wheel,index,search | fetches packages and runs their build code | network
destructive pip,pip3 uninstall,cache | removes packages
value uv : --directory --project --config-file --cache-dir --color --python -p
external uv sync,add,remove,lock,publish,tool,python,self,init,auth | reaches the package index | network
external uv pip install,sync,compile,download | reaches the package index | network
destructive uv pip uninstall | removes packages
destructive uv cache clean,prune | removes the shared cache
execute uv build,version,tree,export | runs code or tools of the repository
external uvx,pipx,conda,mamba,micromamba,easy_install,twine,flit,cabal,stack,opam,luarocks,cpan,cpanm,nuget,vcpkg,
    conan,sdk,asdf,mise,rustup,nvm,fnm,volta,corepack,brew,port,snap,flatpak,nix,nix-env,nix-shell,guix | reaches a
    package index | network
destructive conda,mamba,brew,snap,flatpak,nix-env,rustup remove,uninstall,rm,env,cleanup,self | removes installed
    software
external poetry,pdm,hatch,pipenv,flit install,add,update,lock,publish,sync,remove,self,source,upgrade,uninstall,
    clean | reaches the package index | network
value cargo : --manifest-path --config -Z --color -C
external cargo install,publish,update,add,fetch,search,login,owner,yank,vendor,generate-lockfile,remove-remote,info,
    logout | reaches the package registry | network
destructive cargo yank,owner,uninstall | changes what is published or installed
destructive cargo : --config | takes configuration, and so programs, from the command line
external go get,install,mod,work | fetches modules | network
execute go mod verify,why,graph,edit,init,vendor | runs code or tools of the repository
destructive go : -exec -toolexec | runs a program
destructive go clean | removes the shared caches
external gem,bundle install,update,push,fetch,add,outdated,lock,signin,owner,yank | reaches the package registry |
    network
external bundle,composer <none>,install,update,require,create-project,global,self-update,remove | reaches the
    package registry | network
destructive gem uninstall,cleanup,yank,owner | removes packages
external mvn deploy,release:perform,release:prepare,dependency:get | publishes or fetches | network
external gradle publish,uploadArchives,publishPlugins | publishes | network
external dotnet restore,nuget,tool,workload,new,add | reaches the package index | network
external apt,apt-get,aptitude,dnf,yum,zypper,pacman,apk,emerge,yay,paru,microdnf,tdnf,xbps-install | reaches the
    package archive | network
destructive apt,apt-get,aptitude,dnf,yum,zypper,pacman,apk,emerge,yay,paru,microdnf,tdnf,xbps-install,dpkg,rpm,
    xbps-remove,installer,softwareupdate,alien | changes the installed software
read apt,apt-cache list,show,search,policy,depends,rdepends,madison : --installed -a --all-versions | only reads
read dpkg <none> : -l -L -s -S -p --list --listfiles --status --search --print-avail | only reads
read rpm <none> : -q -a -i -l -f -qa -qi -ql -qf --query --all | only reads
destructive make,gmake : --eval | runs what the command line says
destructive prisma migrate reset | drops the database
destructive alembic downgrade | takes the schema back
destructive flyway clean,undo | drops the database
destructive liquibase dropAll,drop-all,rollback | drops the database
destructive rails,rake db:drop,db:reset,db:migrate:reset,db:rollback,db:schema:load,db:purge,db:truncate_all,
    db:setup,db:migrate:down | drops or rewinds the database
destructive artisan,manage.py,flask,sequelize,knex,typeorm,doctrine,console,symfony,drizzle-kit,sequelize-cli
    migrate:fresh,migrate:reset,migrate:rollback,migrate:refresh,db:wipe,flush,reset_db,sqlflush,db:drop,
    db:migrate:undo,db:migrate:undo:all,schema:drop,drop,doctrine:database:drop,doctrine:schema:drop | drops or rewinds
    the database
destructive prisma db : --force-reset --accept-data-loss | drops the database
destructive flask db downgrade | takes the schema back
destructive dropdb,dropuser,pg_resetwal,mysqladmin,rabbitmqctl,nodetool,reindexdb | destroys data

# ---- reaching out
external curl,wget,aria2c,axel,http,https,httpie,xh,lynx,links,w3m,elinks,ftp,sftp,tftp,lftp,ncftp,rclone,yt-dlp,
    youtube-dl,gdown,fetch,restic,borg,duplicity,transmission-cli,ipfs,whois,finger,telnet,nc,netcat,ncat,socat,ping,
    ping6,fping,hping3,arping,traceroute,tracepath,mtr,nslookup,dig,host,drill,nmap,masscan,ssh,scp,autossh,mosh,sshfs,
    ssh-copy-id,ssh-keyscan,rsh,rlogin,rcp,openvpn,wg,wg-quick,tailscale,cloudflared,ngrok,mail,mailx,sendmail,mutt,
    msmtp,swaks,smbclient,ldapsearch,snmpwalk,rpcclient,iperf3,speedtest,open,xdg-open,gio,sensible-browser,wall,write,
    talk,irssi,weechat,notify-send,tor,torsocks,proxychains,proxychains4,svn,hg,bzr,cvs,ab,wrk,hey,k6,locust,vegeta,
    websocat,grpcurl,mosquitto_pub,mosquitto_sub,kafkacat,kcat,zbarcam,sshpass,resolvectl,dhclient,nmcli,avahi-browse |
    reaches out of the machine | network
execute svn,hg,bzr status,diff,log,st,blame,info | runs code or tools of the repository
external gh,glab,hub,az,aws,gcloud,gsutil,bq,doctl,linode-cli,heroku,fly,flyctl,vercel,now,netlify,firebase,
    wrangler,serverless,sls,cdk,sam,eb,ecs-cli,eksctl,kubectl,oc,helm,helmfile,k9s,argocd,flux,istioctl,terraform,tofu,
    terragrunt,pulumi,ansible,ansible-playbook,ansible-galaxy,ansible-pull,salt,chef-client,knife,fab,cap,capistrano,
    packer,vagrant,consul,nomad,vault,op,bw,supabase,railway,render,surge,gcsfuse,s3cmd,s5cmd,mc,rabbitmqadmin,
    sentry-cli,datadog-ci,stripe,twilio,slack,jira,acli,newrelic,copilot,databricks,snow,huggingface-cli,hf,kaggle,
    ollama,claude,codex,gemini,aider,goose,opencode,cursor-agent,expo,eas,fastlane,goreleaser,semantic-release,
    release-it,skopeo,crane,cosign,oras,trivy,snyk | acts on something outside this machine | network
destructive kubectl,oc delete,apply,replace,patch,drain,cordon,scale,rollout,edit,set,exec,create,taint,label,
    annotate,run,cp,debug | changes a cluster
destructive helm upgrade,uninstall,delete,rollback,install,un,del | changes a cluster
destructive helmfile,kustomize,flux,argocd apply,destroy,sync,delete | changes a cluster
destructive terraform,tofu,terragrunt,pulumi,cdk,sls,serverless,sam,eksctl apply,destroy,up,down,import,taint,state,
    deploy,remove,delete,force-unlock,run-all,refresh | changes infrastructure
execute terraform,tofu validate,fmt,version | runs code or tools of the repository
destructive gh repo,release,secret delete,archive,remove | removes what is on the remote
destructive gh api : -X --method -f -F --field --raw-field --input | changes what is on the remote
execute vagrant status | runs code or tools of the repository
destructive vagrant destroy,halt | destroys a machine
destructive ansible,ansible-playbook,salt,chef-client,fab,cap,capistrano,knife | changes other machines
destructive heroku pg:reset,apps:destroy,run | destroys data
destructive curl : -X --request -T --upload-file -d --data --data-binary --data-raw --data-urlencode -F --form
    --json -o -O --output --remote-name --remote-name-all -K --config --output-dir -c --cookie-jar -D --dump-header
    --trace --trace-ascii --engine --libcurl | sends data or writes what it got
destructive wget : --use-askpass --post-data --post-file --method --body-data --body-file -e --execute --config -O
    --output-document -P --directory-prefix -i --input-file | sends data, writes or runs what it got
destructive ssh,scp,sftp,sshfs,autossh : -o -F -S -D -L -R | takes configuration from the command line
external docker,podman,nerdctl,docker-compose,podman-compose,buildah,ctr,crictl,lxc,lxd,incus,minikube,kind,k3d,
    colima,limactl,multipass,virsh,qemu-system-x86_64,nixos-rebuild,singularity,apptainer | works in a daemon outside
    the sandbox | docker
value docker,podman,nerdctl : --context -c -H --host --config -l --log-level
flag docker,podman,nerdctl : --debug -D --tls
external docker,podman,nerdctl push,pull,login,logout,search | reaches a registry | network
destructive docker,podman,nerdctl rm,rmi,kill,stop,restart,prune,exec,run | acts on containers
destructive docker,podman,nerdctl system,image,container,volume,network,builder,buildx prune,rm,remove,kill,stop |
    removes containers, images or volumes
destructive docker,podman,nerdctl,docker-compose compose,stack,swarm,service,secret,config down,rm,kill,stop,leave,
    remove,restart | ends services
destructive docker-compose down,rm,kill,stop | ends services
read docker,podman,nerdctl <none> : -v --version --help | only reads
destructive lxc,incus,virsh,minikube,kind,k3d delete,destroy,undefine,stop,rm | destroys a machine
external psql,mysql,mariadb,mysqldump,pg_dump,pg_dumpall,pg_restore,createdb,createuser,vacuumdb,mysqlimport,mongo,
    mongosh,mongodump,mongorestore,mongoimport,mongoexport,redis-cli,valkey-cli,sqlcmd,bcp,sqlplus,clickhouse-client,
    clickhouse,cqlsh,influx,cypher-shell,snowsql,usql,pgcli,mycli,etcdctl,cockroach,ldapmodify,ldapadd,ldapdelete,
    kafka-topics,kafka-topics.sh | reaches a database server | network
destructive pg_restore : -c --clean -C --create | replaces a database
destructive mongorestore : --drop | replaces a database
destructive mongo,mongosh,etcdctl,ldapmodify,ldapdelete,ldapadd,kafka-topics,kafka-topics.sh : --eval --delete del
    --drop -f | changes a database
destructive etcdctl del,put | changes a database
destructive redis-cli,valkey-cli flushall,flushdb,FLUSHALL,FLUSHDB,del,DEL,unlink,UNLINK,shutdown,SHUTDOWN,config,
    CONFIG,debug,DEBUG,eval,EVAL,slaveof,replicaof,module,script,set,SET,rename,RENAME | changes a database
write rsync | copies files
destructive rsync : --delete --delete-before --delete-during --delete-after --delete-excluded --delete-delay --del
    --remove-source-files -e --rsh --rsync-path --copy-devices --write-devices | removes what is not in the source, or
    runs a program

# ---- options that run a program, on otherwise ordinary tools
execute man,less,more,most,vi,vim,nvim,view,emacs,nano,pico,code,subl,micro,hx,kak,info,pg,bat,batcat | opens
    something interactive
destructive man : -H -P --html --pager | runs a program
destructive vi,vim,nvim,view,emacs,nano,pico,ex : -c --cmd -S -s --eval -l --batch --script --load --funcall -e -f
    --speller --startuptime -u -U | runs commands of the editor
destructive less,more,bat,batcat : -o -O -k --lesskey-file --lesskey-src --lesskey-content --log-file --pager |
    writes or runs something
destructive rlwrap,facter,pidstat : -e --exec -c | runs a program
destructive openssl : -engine -provider-path | loads a program
execute openssl,gpg,gpg2,age,sops,pass | handles keys
external openssl s_client,s_server,s_time,ocsp | reaches out of the machine | network
external gpg,gpg2 : --recv-keys --send-keys --keyserver --refresh-keys --search-keys | reaches a key server | network
destructive gpg,gpg2 : --delete-keys --delete-secret-keys --delete-secret-and-public-key | removes keys
destructive ssh-keygen,ssh-add,ssh-agent : -D -s -P11 | loads a program
execute ssh-add,ssh-agent | handles keys
destructive pytest,py.test : --pastebin --basetemp | sends or removes files
destructive sqlite3 : -cmd -init | runs commands first
destructive gcc,g++,cc,c++,clang,ld : -wrapper -fplugin --plugin -plugin | loads a program
destructive java,javac : -agentlib -agentpath -javaagent | loads a program
destructive mysql,mariadb,mysqldump : --plugin-dir --init-command --default-auth | loads a program
execute ip,ifconfig,route,ethtool,brctl,tc,iw,iwconfig,arp | looks at the network's configuration
destructive ip netns,link,addr,route,rule,tunnel,neigh add,del,delete,set,exec,flush,change,replace | changes the
    network
destructive git-filter-repo,bfg | rewrites history
destructive dvc gc,destroy,remove | removes data
external dvc push,pull,fetch,import,import-url,get | reaches a remote | network
"""
