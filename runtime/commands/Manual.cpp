// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Four ways to write one list.
#include "runtime/commands/Manual.h"

#include "runtime/Error.h"
#include "runtime/commands/Messages.h"

#include <fmt/ranges.h>

#include <algorithm>

namespace dit::runtime {
namespace {

/// A flag of a command, or what stands without one.
struct Flag {
  std::vector<std::string>
      names; ///< "-o", "--output"; none of what stands alone
  std::string value, description; ///< value: empty for a switch
};

struct Command {
  std::string name, description;
  std::vector<Flag> flags;
};

std::vector<Flag> flagsOf(const CLI::App &app) {
  std::vector<Flag> flags;
  for (const CLI::Option *option : app.get_options()) {
    if (option->get_group().empty())
      continue; // hidden
    Flag flag{{}, "", option->get_description()};
    for (const std::string &name : option->get_snames())
      flag.names.push_back("-" + name);
    for (const std::string &name : option->get_lnames())
      flag.names.push_back("--" + name);
    if (flag.names.empty())
      flag.value = option->get_name(true);
    else if (option->get_items_expected_max() > 0)
      flag.value = "VALUE";
    std::replace(flag.description.begin(), flag.description.end(), '\n', ' ');
    flags.push_back(std::move(flag));
  }
  return flags;
}

std::vector<Command> commandsOf(const CLI::App &app) {
  std::vector<Command> commands;
  for (const CLI::App *c :
       app.get_subcommands([](const CLI::App *) { return true; }))
    commands.push_back({c->get_name(), c->get_description(), flagsOf(*c)});
  return commands;
}

std::string replaced(std::string text, const std::string &from,
                     const std::string &to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos;
       at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

/// Text of a man page: no line of it begins with a request.
std::string roff(const std::string &text) {
  std::string result = replaced(replaced(text, "\\", "\\e"), "-", "\\-");
  if (result.starts_with(".") || result.starts_with("'"))
    result.insert(0, "\\&");
  return result;
}

std::string flagEntry(const Flag &flag) {
  std::string names = roff(fmt::format("{}", fmt::join(flag.names, ", ")));
  std::string value = roff(flag.value);
  return fmt::format(
      ".TP\n{}{}{}\n{}\n", names.empty() ? "" : "\\fB" + names + "\\fR",
      names.empty() || value.empty() ? "" : " ",
      value.empty() ? "" : "\\fI" + value + "\\fR", roff(flag.description));
}

std::string manPage(const CLI::App &app) {
  std::string name = app.get_name();
  std::string text =
      fmt::format(".TH {} 1\n.SH NAME\n{} \\- {}\n.SH SYNOPSIS\n\\fB{}\\fR "
                  "\\fICOMMAND\\fR [\\fIFLAGS\\fR]\n.SH COMMANDS\n",
                  name, roff(name), roff(app.get_description()), roff(name));
  for (const Command &command : commandsOf(app)) {
    text += fmt::format(".SS {}\n{}\n", roff(command.name),
                        roff(command.description));
    for (const Flag &flag : command.flags)
      text += flagEntry(flag);
  }
  return text;
}

std::string allNames(const std::vector<Flag> &flags) {
  std::vector<std::string> names;
  for (const Flag &flag : flags)
    names.insert(names.end(), flag.names.begin(), flag.names.end());
  return fmt::format("{}", fmt::join(names, " "));
}

std::string bash(const CLI::App &app) {
  std::string function = replaced(app.get_name(), "-", "_"), cases, names;
  for (const Command &command : commandsOf(app)) {
    names += (names.empty() ? "" : " ") + command.name;
    cases += fmt::format("    {}) words='{}' ;;\n", command.name,
                         allNames(command.flags));
  }
  return fmt::format(
      "_{0}() {{\n  local word=${{COMP_WORDS[COMP_CWORD]}} words='{1}'\n  if [ "
      "$COMP_CWORD -gt 1 ]; then\n    case ${{COMP_WORDS[1]}} in\n{2}    "
      "esac\n    [[ $word == -* ]] || words=\n  fi\n  COMPREPLY=($(compgen -W "
      "\"$words\" -- \"$word\"))\n}}\ncomplete -o default -F _{0} {3}\n",
      function, names, cases, app.get_name());
}

/// In single quotes of a shell; zsh ends descriptions at brackets and colons.
std::string quoted(std::string text) {
  return "'" + replaced(std::move(text), "'", "'\\''") + "'";
}

std::string zsh(const CLI::App &app) {
  std::string list, cases;
  auto plain = [](std::string text) {
    for (char &c : text)
      if (c == '[' || c == ']' || c == ':')
        c = ' ';
    return text;
  };
  for (const Command &command : commandsOf(app)) {
    list += " " + quoted(command.name + ":" + plain(command.description));
    cases += fmt::format("    {}) _arguments", command.name);
    for (const Flag &flag : command.flags)
      for (const std::string &name : flag.names)
        cases += " " +
                 quoted(fmt::format("{}[{}]{}", name, plain(flag.description),
                                    flag.value.empty() ? "" : ":value:_files"));
    cases += " '*:file:_files' ;;\n";
  }
  return fmt::format(
      "#compdef {0}\nlocal -a commands=({1})\nif (( CURRENT == 2 "
      ")); then\n  _describe command commands\nelse\n  local "
      "command=$words[2]\n  shift words; (( CURRENT-- ))\n  case "
      "$command in\n{2}  esac\nfi\n",
      app.get_name(), list.substr(1), cases);
}

std::string fish(const CLI::App &app) {
  std::string name = app.get_name(), text;
  for (const Command &command : commandsOf(app)) {
    text += fmt::format("complete -c {} -n __fish_use_subcommand -f -a {} -d "
                        "{}\n",
                        name, command.name, quoted(command.description));
    for (const Flag &flag : command.flags) {
      if (flag.names.empty())
        continue;
      text += fmt::format("complete -c {} -n '__fish_seen_subcommand_from {}'",
                          name, command.name);
      for (const std::string &n : flag.names)
        text +=
            n.starts_with("--") ? " -l " + n.substr(2) : " -s " + n.substr(1);
      text += (flag.value.empty() ? " -d " : " -r -d ") +
              quoted(flag.description) + "\n";
    }
  }
  return text;
}

} // namespace

void addManualFlag(CLI::App &app) {
  app.add_option_function<std::string>(
         "--print-manual",
         [&app](const std::string &kind) {
           if (kind == "man")
             writeResult(manPage(app));
           else if (kind == "bash")
             writeResult(bash(app));
           else if (kind == "zsh")
             writeResult(zsh(app));
           else if (kind == "fish")
             writeResult(fish(app));
           else
             failFlag("--print-manual must be man, bash, zsh or fish, but is "
                      "{}",
                      inQuotes(kind));
           throw CLI::Success();
         })
      ->group("");
}

} // namespace dit::runtime
