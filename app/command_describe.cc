// tidemill list, describe, schema, version: what this binary knows.
#include <fmt/core.h>

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <boost/version.hpp>
#include <memory>

#include "app/commands.h"
#include "core/config/describe.h"
#include "core/config/schema.h"
#include "core/config/suggest.h"
#include "core/rehearsal/case_schema.h"
#include "core/state/rocks_store.h"
#include "tidemill/function_abi.h"

namespace tidemill::app {
namespace {

std::vector<const config::FunctionDecl*> functions_of(Session& session) {
  std::vector<const config::FunctionDecl*> all;
  for (const std::string& name : session.plugins.names()) {
    const auto decl = session.plugins.find(name, "");
    if (decl) {
      all.push_back(*decl);
    } else {
      fmt::print(stderr, "warning: {}\n", decl.error().message);
    }
  }
  return all;
}

// `what` as `list` takes it: "sources", "sinks", "functions", or empty for all.
std::vector<config::Described> described(Session& session, std::string_view what) {
  std::vector<config::Described> all;
  if (what.empty() || what == "sources")
    for (const auto& kind : config::source_kinds(session.registry))
      all.push_back(config::described_source(kind));
  if (what.empty() || what == "sinks")
    for (const auto& kind : config::sink_kinds(session.registry))
      all.push_back(config::described_sink(kind));
  if (what.empty() || what == "functions")
    for (const auto* decl : functions_of(session)) all.push_back(config::described_function(*decl));
  return all;
}

enum class Form { text, json, markdown };

int describe(Session& session, const std::string& what, const std::string& name, Form form) {
  const auto all = described(session, what + "s");
  const auto found = std::ranges::find(all, name, &config::Described::name);
  if (found == all.end()) {
    std::string known;
    for (const auto& thing : all) known.append(known.empty() ? "" : ", ").append(thing.name);
    fmt::print(stderr, "error: there is no {} named {}; there is: {}\n", what, name, known);
    return exit_code::usage;
  }
  switch (form) {
    case Form::text:
      fmt::print("{}", config::describe(*found));
      break;
    case Form::json:
      fmt::print("{}\n", boost::json::serialize(config::describe_json(*found)));
      break;
    case Form::markdown:
      fmt::print("{}", config::markdown_table(found->options));
      break;
  }
  return exit_code::done;
}

void print_version() {
  fmt::print("tidemill {}\nABI {}.{}\nRocksDB {}\nBoost {}.{}.{}\n", TIDEMILL_VERSION,
             TIDEMILL_ABI_MAJOR, TIDEMILL_ABI_MINOR, RocksStore::library_version(),
             BOOST_VERSION / 100000, BOOST_VERSION / 100 % 1000, BOOST_VERSION % 100);
}

}  // namespace

void add_describe(CLI::App& app, Session& session) {
  struct Options {
    std::string what, name;
    bool json = false, markdown = false;
  };
  auto options = std::make_shared<Options>();

  CLI::App* list = app.add_subcommand("list", "List the sources, sinks and functions there are");
  list->add_option("WHAT", options->what, "sources, sinks or functions (default: all)")
      ->check(CLI::IsMember({"sources", "sinks", "functions"}));
  list->add_flag("--json", options->json, "As JSON");
  list->callback([&session, options] {
    const auto all = described(session, options->what);
    if (options->json) {
      fmt::print("{}\n", boost::json::serialize(config::list_json(all)));
    } else {
      fmt::print("{}", config::list(all));
    }
  });

  CLI::App* one = app.add_subcommand("describe", "Explain one source, sink or function");
  one->add_option("WHAT", options->what, "source, sink or function")
      ->required()
      ->check(CLI::IsMember({"source", "sink", "function"}));
  one->add_option("NAME", options->name, "Its name, as `tidemill list` prints it")->required();
  CLI::Option* json = one->add_flag("--json", options->json, "As JSON");
  one->add_flag("--markdown", options->markdown, "Its option table as Markdown")->excludes(json);
  one->footer(
      "Examples:\n  tidemill describe source bucket\n"
      "  tidemill describe function thumbnail --json");
  one->callback([&session, options] {
    const Form form = options->json ? Form::json : options->markdown ? Form::markdown : Form::text;
    session.exit_code = describe(session, options->what, options->name, form);
  });

  CLI::App* schema =
      app.add_subcommand("schema", "Print the JSON Schema of a pipeline file, for editors");
  schema->footer(
      "Example (VS Code, first line of a pipeline file):\n"
      "  # yaml-language-server: $schema=./tidemill.schema.json");
  const auto tests = std::make_shared<bool>(false);
  schema->add_flag("--tests", *tests, "That of a file of tests, *.test.yaml, instead");
  schema->callback([&session, tests] {
    if (*tests) {
      fmt::print("{}\n", boost::json::serialize(rehearsal::case_file_schema()));
      return;
    }
    const auto functions = functions_of(session);
    fmt::print("{}\n", boost::json::serialize(config::file_schema(session.registry, functions)));
  });

  app.add_subcommand("version", "Print the version of this binary and of what it stands on")
      ->callback([] { print_version(); });
}

}  // namespace tidemill::app
