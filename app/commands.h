// The command line: one function per command, each in a file of its own.
//
// add_*() declares a command with its options and examples. Its callback does the work and leaves
// the exit code in Session::exit_code:
//
//     0 done · 1 failed at run time · 2 wrong usage or configuration · 3 dead letters, with
//     --fail-on dead-letters · 130 interrupted
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "app/session.h"

namespace tidemill::app {

void add_run(CLI::App& app, Session& session);
void add_check(CLI::App& app, Session& session);
void add_test(CLI::App& app, Session& session);
void add_describe(CLI::App& app, Session& session);  // list, describe, schema, version
void add_state(CLI::App& app, Session& session);     // table, stream, progress
void add_dlq(CLI::App& app, Session& session);
void add_status(CLI::App& app, Session& session);
void add_healthcheck(CLI::App& app, Session& session);
void add_top(CLI::App& app, Session& session);
void add_tap(CLI::App& app, Session& session);
void add_invoke(CLI::App& app, Session& session);
void add_match(CLI::App& app, Session& session);
void add_new(CLI::App& app, Session& session);

}  // namespace tidemill::app
