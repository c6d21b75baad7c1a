# SPDX-License-Identifier: Apache-2.0
# Sourced by /bin/sh from the launchers of the short commands, with the variables
#   home   the folder of the program
#   main   the class to start, and optionally
#   name   what its messages begin with
# and the arguments of the command. Starts nothing but the JVM: a process costs a millisecond, and
# these programs are called in loops. What has to be looked for, "prepare" wrote down beforehand.

# VARVE_JDK and VARVE_JAVA_OPTS are ours. The JVM's own variables belong to other programs, and it
# reports each of them on standard error, where scripts read our messages.
unset JAVA_TOOL_OPTIONS JDK_JAVA_OPTIONS _JAVA_OPTIONS

start=$home/start
made_for= java= jdk= vm= path=
build=none
[ ! -r "$home/lib/build" ] || read -r build <"$home/lib/build"
[ ! -r "$start/env" ] || . "$start/env"
if [ "$made_for" != "$build" ] || [ ! -x "$java" ] || [ "${VARVE_JDK:-$jdk}" != "$jdk" ]; then
  # Prints what to use, even where it cannot write anything down.
  known=$("$home/bin/prepare") || exit 1
  eval "$known"
fi

# File names are bytes that the JVM reads as text, and only in a UTF-8 locale can it read them all.
# Each thread that allocates would reserve 64 MiB of addresses for itself.
export LC_ALL=C.UTF-8 MALLOC_ARENA_MAX=2

# One collector without threads of its own; signals end the program as they end any other; and not
# a word of the JVM's on standard output. The cache of classes is mapped where it was made for, which
# saves patching all of it, and what it says about hot methods comes too late for a short command.
# The limits leave the whole below 1 GiB of addresses, and
# of memory what an image that lies about its sizes may take.
jvm="-XX:+UseSerialGC -XX:-UsePerfData -Xrs -Xlog:disable -XX:CompressedClassSpaceSize=32m"
jvm="$jvm -XX:+UnlockDiagnosticVMOptions -XX:ArchiveRelocationMode=0"
# A loop that runs longer than a command should take is compiled soon. What the cache knows of hot
# methods would be compiled beforehand, needed or not.
soon="-XX:-AOTReplayTraining -XX:Tier3BackEdgeThreshold=2000"
case ${1-} in
  bench | check | commit | compare | convert | dd | rebase)
    jvm="$jvm -Xmx384m -XX:MaxDirectMemorySize=96m -XX:ReservedCodeCacheSize=48m $soon"
    case "${1-} $*" in
      # Ciphers: worth the second compiler.
      *secret*) ;;
      # The kernel and native code do the work: profiling ours costs more than it brings.
      *) jvm="$jvm -XX:TieredStopAtLevel=1" ;;
    esac ;;
  *)
    jvm="$jvm -Xmx160m -XX:MaxDirectMemorySize=48m -XX:ReservedCodeCacheSize=24m $soon"
    jvm="$jvm -XX:TieredStopAtLevel=1"
    case ${1-} in
      # As long as the tables of the image.
      amend | bitmap | map | measure | resize | snapshot) ;;
      # Over before a compiler pays: only what runs very often is compiled.
      *) jvm="$jvm -XX:CompileThresholdScaling=20" ;;
    esac ;;
esac

# Else zstd-jni unpacks it at each start.
if [ -e "$start/zstd.so" ]; then set -- "-DZstdNativePath=$start/zstd.so" -cp "$path" "$main" "$@"
else set -- -cp "$path" "$main" "$@"; fi

exec "$java" $jvm "-XX:AOTCache=$start/img.aot" --enable-native-access=ALL-UNNAMED \
  "-Dvarve.shim=$start/shim.so" "-Dvarve.vm=$vm" "-Dvarve.start=$start" ${name:+"-Dvarve.name=$name"} \
  ${VARVE_JAVA_OPTS:-} "$@"
