# SPDX-License-Identifier: Apache-2.0
# Sourced by the scripts beside it: finds the checkout, JDK 25 and a folder to work in.
root=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")
tool=$(basename "$0")
say() { printf '%s: %s\n' "$tool" "$*" >&2; }
. "$root/varve-dist/src/main/launcher/jdk25.sh"
find_jdk25 || exit 1

# Each checkout has a folder of its own outside the checkout: what lies there is never packaged.
work=${TMPDIR:-/tmp}/varve-quick-$(printf '%s' "$root" | sha256sum | cut -c 1-12)
mkdir -p "$work"

# class_path POM FILE: writes the jars that POM names, and those they need, to FILE.
class_path() {
  local log=$2.log
  if ! (cd "$root" && JAVA_HOME=$VARVE_JDK MAVEN_OPTS="--sun-misc-unsafe-memory-access=allow --enable-native-access=ALL-UNNAMED" \
    mvn -B -q -f "$1" dependency:build-classpath -Dmdep.outputFile="$2.new" </dev/null >"$log" 2>&1); then
    say "cannot resolve the class path:"
    cat "$log" >&2
    exit 1
  fi
  mv "$2.new" "$2"
}

# jars_of NAME: the jars of what standard input names as <dependency> elements, as the parent pom
# pins them, go to $work/NAME.classpath.
jars_of() {
  {
    cat <<POM
<project>
  <modelVersion>4.0.0</modelVersion>
  <parent>
    <groupId>io.varve</groupId>
    <artifactId>varve-parent</artifactId>
    <version>$(sed -n 's|^  <version>\(.*\)</version>|\1|p' "$root/pom.xml" | head -n 1)</version>
    <relativePath>$(realpath --relative-to="$work" "$root/pom.xml")</relativePath>
  </parent>
  <artifactId>varve-quick-$1</artifactId>
  <packaging>pom</packaging>
  <dependencies>
POM
    cat
    printf '  </dependencies>\n</project>\n'
  } >"$work/$1.xml"
  class_path "$work/$1.xml" "$work/$1.classpath"
}
