// SPDX-License-Identifier: Apache-2.0
package io.varve.img.debug;

import io.varve.image.storage.Storage;
import io.varve.image.storage.StorageEvent;
import io.varve.img.ImgException;
import io.varve.img.args.OptionTree;
import io.varve.img.create.OptionValues;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Reads the options of a `blkdebug` node: rules from a configuration file, rules in the options
/// themselves, and limits, which are checked and have no effect here.
public final class DebugOptions {
  private static final String INJECT = "inject-error";
  private static final String STATE = "set-state";
  private static final int SECTOR = 512;
  private static final int MAX_RULES = 4096;

  private static final String[] LIMITS = {
    "align", "max-transfer", "opt-write-zero", "max-write-zero", "opt-discard", "max-discard"
  };

  private final List<InjectRule> injections = new ArrayList<>();
  private final List<StateRule> changes = new ArrayList<>();

  private DebugOptions() {}

  /// The event of that name, in small letters as QEMU has them; null where there is none.
  static @Nullable StorageEvent event(String name) {
    if (!name.equals(name.toLowerCase(Locale.ROOT))) {
      return null;
    }
    for (StorageEvent event : StorageEvent.values()) {
      if (event.name().toLowerCase(Locale.ROOT).equals(name)) {
        return event;
      }
    }
    return null;
  }

  /// Takes the options of the node, all but those of the image beneath it.
  ///
  /// @param config lines of the configuration file, empty where there is none
  public static DebugOptions take(OptionTree options, List<String> config) throws ImgException {
    DebugOptions all = new DebugOptions();
    for (ConfigFile.Section section : ConfigFile.parse(config)) {
      all.add(section.group(), section.options());
    }
    all.addBranches(options, INJECT);
    all.addBranches(options, STATE);
    long align = 1;
    for (String key : LIMITS) {
      String text = options.take(key);
      long value = text == null ? 0 : OptionValues.size(key, text);
      if (key.equals("align") && value > 0) {
        require(key, value, Long.bitCount(value) == 1 && value < Integer.MAX_VALUE);
        align = value;
      } else {
        require(key, value, value % align == 0 && value < Integer.MAX_VALUE);
      }
    }
    options.takeBranch("take-child-perms");
    options.takeBranch("unshare-child-perms");
    return all;
  }

  private static void require(String key, long value, boolean right) throws ImgException {
    if (!right) {
      throw new ImgException("Cannot meet constraints with " + key + " " + value);
    }
  }

  private void addBranches(OptionTree options, String group) throws ImgException {
    OptionTree list = options.takeBranch(group);
    for (int i = 0; i < MAX_RULES && !list.isEmpty(); i++) {
      OptionTree rule = list.takeBranch(String.valueOf(i));
      if (rule.isEmpty()) {
        throw new ImgException(
            "Block protocol 'blkdebug' doesn't support the option '"
                + group
                + "."
                + list.firstKey()
                + "'");
      }
      add(group, rule);
      String left = rule.firstKey();
      if (left != null) {
        throw new ImgException("[" + group + "] section doesn't support the option '" + left + "'");
      }
    }
  }

  private void add(String group, OptionTree rule) throws ImgException {
    if (group.equals(INJECT)) {
      addInjection(rule);
    } else {
      String name = rule.take("event");
      long state = number(rule, "state", 0);
      long next = number(rule, "new_state", 0);
      if (rule.isEmpty()) {
        changes.add(new StateRule(requireEvent(name), state, next));
      }
    }
  }

  private void addInjection(OptionTree rule) throws ImgException {
    String name = rule.take("event");
    long state = number(rule, "state", 0);
    int errno = (int) number(rule, "errno", 5);
    long sector = number(rule, "sector", -1);
    boolean once = rule.takeSwitch("once", false);
    rule.takeSwitch("immediately", false);
    String kindName = rule.take("iotype");
    if (!rule.isEmpty()) {
      // The caller names what is wrong.
      return;
    }
    StorageEvent event = requireEvent(name);
    RequestKind kind = kindName == null ? null : RequestKind.of(kindName);
    if (kindName != null && kind == null) {
      throw new ImgException("invalid parameter value: " + kindName);
    }
    int kinds = kind == null ? RequestKind.unnamed(sector == -1) : 1 << kind.ordinal();
    long offset = sector == -1 ? -1 : sector * SECTOR;
    injections.add(new InjectRule(event, state, errno, offset, kinds, once));
  }

  private static StorageEvent requireEvent(@Nullable String name) throws ImgException {
    if (name == null) {
      throw new ImgException("Missing event name for rule");
    }
    StorageEvent event = event(name);
    if (event == null) {
      throw new ImgException("invalid parameter value: " + name);
    }
    return event;
  }

  private static long number(OptionTree rule, String key, long otherwise) throws ImgException {
    String text = rule.take(key);
    if (text == null) {
      return otherwise;
    }
    try {
      return Long.decode(text);
    } catch (NumberFormatException _) {
      throw new ImgException("Parameter '" + key + "' expects a number");
    }
  }

  /// The storage with these rules in force.
  public DebugStorage over(Storage inner, DebugRules.Listener listener) {
    DebugRules rules = new DebugRules(injections, changes, listener);
    rules.fire(StorageEvent.NONE);
    return new DebugStorage(inner, rules);
  }

  /// The options that a name of the form `blkdebug:CONFIG:FILE` cannot say.
  public static boolean needsMore(Map<String, Object> options) {
    for (String key : options.keySet()) {
      if (!key.equals("driver")
          && !key.equals("config")
          && !key.startsWith("image.")
          && !key.equals("x-image")) {
        return true;
      }
    }
    return false;
  }
}
