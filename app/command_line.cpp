#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <ios>
#include <iostream>
#include <iterator>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <unistd.h>

#include "app/config.h"
#include "app/config_values.h"
#include "app/options.h"
#include "app/options_file.h"
#include "base/error.h"
#include "base/nearest.h"
#include "base/try.h"
#include "millrace_version.h"
#include "storage/directory.h"

namespace millrace::app {
namespace {

constexpr std::string_view kUsage =
    "millrace: a server that speaks the Kinesis Data Streams protocol\n"
    "\n"
    "  millrace [serve]   serve until SIGTERM or SIGINT; `millrace serve --help` lists the "
    "options\n"
    "  millrace health    exit with 0 if a running server is ready\n"
    "  millrace check     look for damage in a data directory that no server uses\n"
    "  millrace cert      print the certificate authority that TLS clients have to trust\n"
    "  millrace --version\n";

struct CommandEntry {
  std::string_view word;
  Command command;
  std::vector<std::string_view> options;  // Empty: all.
};

const std::vector<CommandEntry>& commands() {
  static const std::vector<CommandEntry> entries = {
      {"serve", Command::kServe, {}},
      {"health", Command::kHealth, {"config", "port", "listen", "tls", "ready-file"}},
      {"check", Command::kCheck, {"config", "data-dir", "log-format", "log-level"}},
      {"cert", Command::kCertificate, {"config", "data-dir"}},
  };
  return entries;
}

constexpr std::string_view kVariablePrefix = "MILLRACE_";

// data-dir for MILLRACE_DATA_DIR.
std::string option_name(std::string_view variable) {
  std::string name;
  for (const char c : variable.substr(kVariablePrefix.size())) {
    name += c == '_' ? '-' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return name;
}

// MILLRACE_DATA_DIR for data-dir.
std::string environment_name(std::string_view option) {
  std::string name(kVariablePrefix);
  for (const char c : option) {
    name += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return name;
}

// Kubernetes tells each container of a service called millrace where that is.
bool is_of_kubernetes(std::string_view name, std::string_view value) {
  return name.starts_with("MILLRACE_SERVICE_") || name.starts_with("MILLRACE_PORT_") ||
         (name == "MILLRACE_PORT" && value.find("://") != std::string_view::npos);
}

// "; did you mean --port?" where some name is near to `wrong`.
std::string did_you_mean(std::string_view wrong, const std::vector<std::string>& names,
                         const std::string& prefix) {
  const std::string name = nearest(wrong, names);
  return name.empty() ? "" : "; did you mean " + prefix + name + "?";
}

// The options of one command. What stands on the command line wins over the environment, that over
// the file.
class Options {
 public:
  explicit Options(const CommandEntry& entry) : app_("", "millrace " + std::string(entry.word)) {
    app_.footer(
        "Options may also come from the environment (MILLRACE_DATA_DIR for --data-dir, and so on)\n"
        "and from a file given with --config. Lists take commas or spaces, times ms, s, m or h.");
    app_.allow_extras();  // check_words() says it with the name that was meant.
    add_options(app_, raw_);
    for (CLI::Option* option : app_.get_options()) {
      const std::string name = option->get_single_name();
      if (name == "help") continue;
      names_.push_back(name);
      const std::string variable = environment_name(name);
      const char* value = std::getenv(variable.c_str());
      if (value == nullptr || !is_of_kubernetes(variable, value)) option->envname(variable);
    }
    for (const std::string& name : names_) {
      const bool is_ours =
          entry.options.empty() || std::ranges::find(entry.options, name) != entry.options.end();
      if (!is_ours) app_.remove_option(app_.get_option("--" + name));
    }
  }

  [[nodiscard]] CLI::App& app() { return app_; }

  // The environment is read too. Throws CLI::ParseError; errors: kBadConfig.
  // `again`: while the server runs.
  Result<Config> read(int argc, char** argv, bool again = false) {
    app_.parse(argc, argv);
    TRY(check_words());
    TRY(read_file(again));
    auto config = to_config(raw_);
    if (!config) return config;
    std::ranges::move(unknown_variables(), std::back_inserter(config->warnings));
    config->asks_ready_file = !config->ready_file.empty() && !names_port(argc, argv);
    return config;
  }

 private:
  Result<void> check_words() const {
    const std::vector<std::string> rest = app_.remaining();
    if (rest.empty()) return {};
    const auto found =
        std::ranges::find_if(rest, [](const std::string& word) { return word.starts_with('-'); });
    if (found == rest.end()) {
      return fail(kBadConfig, "\"" + rest.front() + "\" is not an option");
    }
    const std::string word = found->substr(0, found->find('='));
    const std::string name = word.substr(std::min(word.find_first_not_of('-'), word.size()));
    if (std::ranges::find(names_, name) != names_.end()) {
      return fail(kBadConfig, word + " is an option of millrace serve, not of this command");
    }
    return fail(kBadConfig, "unknown option " + word + did_you_mean(name, names_, "--"));
  }

  // True if the command line itself names the port or how to speak with it.
  static bool names_port(int argc, char** argv) {
    return std::any_of(argv, argv + argc, [](std::string_view word) {
      word = word.substr(0, word.find('='));
      return word == "--port" || word == "--listen" || word == "--tls";
    });
  }

  // Pipes and devices are read too, but not again: there may be nothing in them by then.
  static Result<std::string> read_text(const std::string& path, bool again) {
    std::error_code ignored;
    const bool is_other = std::filesystem::exists(path, ignored) &&
                          !std::filesystem::is_directory(path, ignored) &&
                          !std::filesystem::is_regular_file(path, ignored);
    if (again || !is_other) return storage::read_whole(path);
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
  }

  Result<void> read_file(bool again) {
    if (raw_.file.empty()) return {};
    const auto text = read_text(raw_.file, again);
    if (!text) return fail(kBadConfig, text.error().message);
    const auto options = parse_options_file(*text);
    if (!options) return fail(kBadConfig, raw_.file + ", " + options.error().message);
    std::set<const CLI::Option*> decided;  // By the command line or the environment.
    for (const CLI::Option* option : app_.get_options()) {
      if (option->count() > 0) decided.insert(option);
    }
    for (const FileOption& given : *options) {
      if (auto took = take(given, decided); !took) {
        return fail(kBadConfig, raw_.file + ", line " + std::to_string(given.line) + ": " +
                                    took.error().message);
      }
    }
    return {};
  }

  // An option that is decided, or that only another command has, is passed over.
  Result<void> take(const FileOption& given, const std::set<const CLI::Option*>& decided) {
    if (given.name == "config") return fail(kBadConfig, "\"config\" cannot be set in a file");
    if (std::ranges::find(names_, given.name) == names_.end()) {
      return fail(kBadConfig,
                  "unknown option \"" + given.name + "\"" + did_you_mean(given.name, names_, ""));
    }
    CLI::Option* option = app_.get_option_no_throw("--" + given.name);
    if (option == nullptr || decided.contains(option)) return {};
    if (option->count() > 0 && option->get_expected_max() <= 1) {
      return fail(kBadConfig, "\"" + given.name + "\" is given twice");
    }
    try {
      const bool is_flag = option->get_expected_max() == 0;
      option->add_result(is_flag ? option->get_flag_value(given.name, given.value) : given.value);
      option->run_callback();
    } catch (const CLI::ParseError& error) {
      return fail(kBadConfig, error.what());
    }
    return {};
  }

  // A sentence for each variable that looks like an option and is none.
  [[nodiscard]] std::vector<std::string> unknown_variables() const {
    std::vector<std::string> warnings;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
      const std::string_view text = *entry;
      const std::string_view variable = text.substr(0, text.find('='));
      const std::string_view value = text.substr(std::min(variable.size() + 1, text.size()));
      if (!variable.starts_with(kVariablePrefix) || is_of_kubernetes(variable, value)) continue;
      const std::string name = option_name(variable);
      if (std::ranges::find(names_, name) != names_.end()) continue;
      const std::string near = nearest(name, names_);
      warnings.push_back("unknown variable " + std::string(variable) + " in the environment" +
                         (near.empty() ? "" : "; did you mean " + environment_name(near) + "?"));
    }
    return warnings;
  }

  RawOptions raw_;
  CLI::App app_;
  std::vector<std::string> names_;  // Of the options of all commands, without dashes.
};

// Of the word that names it; serve where options come first.
const CommandEntry* find_command(std::string_view word) {
  if (word.empty() || word.starts_with('-')) word = "serve";
  const auto found = std::ranges::find(commands(), word, &CommandEntry::word);
  return found == commands().end() ? nullptr : &*found;
}

}  // namespace

Result<Config> read_options_again(int argc, char** argv) {
  const CommandEntry& serve = commands().front();
  const int words = argc > 1 && argv[1] == serve.word ? 1 : 0;
  Options options(serve);
  try {
    return options.read(argc - words, argv + words, true);
  } catch (const CLI::ParseError& error) {
    return fail(kBadConfig, error.what());
  }
}

CommandLine parse_command_line(int argc, char** argv) {
  const std::string_view word = argc > 1 ? argv[1] : "";
  CommandLine line;
  if (word == "--version" || word == "version") {
    std::cout << "millrace " << kVersion << "\n";
    return line;
  }
  const bool is_help = word == "--help" || word == "-h" || word == "help";
  const CommandEntry* command = find_command(word);
  if (is_help || command == nullptr) {
    (is_help ? std::cout : std::cerr)
        << (is_help ? "" : "unknown command: " + std::string(word) + "\n\n") << kUsage;
    line.exit_status = is_help ? 0 : 2;
    return line;
  }
  Options options(*command);
  const int words = word == command->word ? 1 : 0;  // That are no options.
  try {
    auto config = options.read(argc - words, argv + words);
    if (config) {
      line.command = command->command;
      line.config = std::move(*config);
      return line;
    }
    std::cerr << config.error().message << "\n";
    line.exit_status = 2;
  } catch (const CLI::ParseError& error) {
    line.exit_status = options.app().exit(error) == 0 ? 0 : 2;
  }
  return line;
}

std::string configuration_page() {
  Options options(commands().front());
  std::string page =
      "# Configuration\n\n"
      "Give an option on the command line, as an environment variable, or in a file:\n\n"
      "```\n"
      "millrace serve --port 4567 --streams orders:2,clicks\n"
      "MILLRACE_PORT=4567 MILLRACE_STREAMS=orders:2,clicks millrace serve\n"
      "millrace serve --config millrace.conf\n"
      "```\n\n"
      "The file has one option per line:\n\n"
      "```conf\n"
      "# millrace.conf\n"
      "port = 4567\n"
      "data-dir = /var/lib/millrace\n"
      "streams = orders:2:eu-central-1, clicks\n"
      "transition-delay = 500ms\n"
      "limits = enforce\n"
      "access-log = all\n"
      "```\n\n"
      "The command line wins over the environment, and the environment over the file. Separate "
      "the\n"
      "values of a list with commas or spaces. Write times as `500ms`, `2s`, `5m` or `1h`.\n";
  for (const OptionGroup& group : option_groups()) {
    page += "\n## " + std::string(group.title) +
            "\n\n| option | environment | default | meaning |\n| --- | --- | --- | --- |\n";
    for (const CLI::Option* option : options.app().get_options()) {
      if (option->get_group() != group.title) continue;
      page += "| `" + option->get_name() + "` | `" + environment_name(option->get_single_name()) +
              "` | ";
      if (!option->get_default_str().empty()) page += "`" + option->get_default_str() + "`";
      page += " | " + option->get_description() + " |\n";
    }
  }
  page +=
      "\n## Commands\n\n"
      "`millrace health`, `check` and `cert` take some of these options; `millrace health --help` "
      "lists them.\n\n"
      "<!-- Generated from the options by ./dev docs -->\n";
  return page;
}

}  // namespace millrace::app
