// SPDX-License-Identifier: Apache-2.0
package io.varve.img.args;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.img.ImgException;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Option strings and JSON objects: two spellings of one tree.
class OptionsTest {
  @Test
  void twoCommasAreOneInAValue() {
    KeyValues values = KeyValues.parse("file=a,,b,size=1", null);
    assertThat(values.get("file")).isEqualTo("a,b");
    assertThat(values.get("size")).isEqualTo("1");
  }

  @Test
  void aKeyAloneIsASwitch() {
    KeyValues values = KeyValues.parse("compat,nolazy,x=", null);
    assertThat(values.get("compat")).isEqualTo("on");
    assertThat(values.get("lazy")).isEqualTo("off");
    assertThat(values.get("x")).isEmpty();
    assertThat(values.entries().get(1).shortForm()).isEqualTo("nolazy");
    assertThat(values.entries().get(2).shortForm()).isNull();
  }

  @Test
  void aFirstValueMayStandWithoutItsKey() {
    KeyValues values = KeyValues.parse("a.qcow2,driver=raw", "file");
    assertThat(values.get("file")).isEqualTo("a.qcow2");
    assertThat(values.entries().getFirst().shortForm()).isNull();
  }

  @Test
  void ofAKeyGivenTwiceTheLastCounts() {
    assertThat(KeyValues.parse("a=1,a=2", null).get("a")).isEqualTo("2");
  }

  @Test
  void jsonAndOptionStringsMakeTheSameTree() throws ImgException {
    OptionTree json =
        OptionTree.ofJson(
            "{'driver':'qcow2', 'file': {\"driver\": \"file\", \"n\": [1, true]}}"
                .replace('\'', '"'));
    OptionTree text =
        OptionTree.ofText("driver=qcow2,file.driver=file,file.n.0=1,file.n.1=on", null);
    for (String key : List.of("driver", "file.driver", "file.n.0", "file.n.1")) {
      assertThat(json.get(key)).as(key).isEqualTo(text.get(key));
    }
  }

  @Test
  void aBranchLosesItsPrefixAndGoes() throws ImgException {
    OptionTree tree = OptionTree.ofText("a.b=1,a.c.d=2,ab=3", null);
    OptionTree branch = tree.takeBranch("a");
    assertThat(branch.take("b")).isEqualTo("1");
    assertThat(branch.take("c.d")).isEqualTo("2");
    assertThat(branch.isEmpty()).isTrue();
    assertThat(tree.firstKey()).isEqualTo("ab");
  }

  @Test
  void nullIsNoValueButIsThere() throws ImgException {
    OptionTree tree = OptionTree.ofJson("{\"backing\": null}");
    assertThat(tree.has("backing")).isTrue();
    assertThat(tree.isNull("backing")).isTrue();
    assertThat(tree.get("backing")).isNull();
  }

  @Test
  void aSwitchTakesEightWords() throws ImgException {
    for (String word : List.of("on", "yes", "true", "y")) {
      assertThat(OptionTree.ofText("s=" + word, null).takeSwitch("s", false)).as(word).isTrue();
    }
    for (String word : List.of("off", "no", "false", "n")) {
      assertThat(OptionTree.ofText("s=" + word, null).takeSwitch("s", true)).as(word).isFalse();
    }
    assertThatThrownBy(() -> OptionTree.ofText("s=1", null).takeSwitch("s", true))
        .hasMessage("Parameter 's' expects 'on' or 'off'");
  }

  @Test
  void whatWasThereStaysWhenTreesAreJoined() {
    OptionTree tree = OptionTree.ofText("a=1", null);
    tree.join(OptionTree.ofText("a=2,b=3", null));
    assertThat(tree.get("a")).isEqualTo("1");
    assertThat(tree.get("b")).isEqualTo("3");
  }

  @Test
  void keysComeInTheOrderOfQemusHashTable() {
    assertThat(DictOrder.sorted(List.of("file", "driver"))).containsExactly("driver", "file");
    assertThat(DictOrder.sorted(List.of("filename", "driver")))
        .containsExactly("driver", "filename");
    assertThat(DictOrder.sorted(List.of("driver", "size", "file", "offset")))
        .containsExactly("offset", "driver", "size", "file");
  }
}
