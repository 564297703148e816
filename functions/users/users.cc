// users: the back end of an API - users are made, read, listed and deleted, as rows of a table.
//
// Every answer, a refusal too, is a reply; an event fails only where it is no request at all.
// README.md shows a session with curl.
#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "api_request.h"
#include "tidemill/function.h"

namespace tidemill::users {
namespace {

namespace json = boost::json;

// Indices into Users::info().outputs.
constexpr std::uint32_t rows = 0;
constexpr std::uint32_t created = 1;

constexpr std::size_t name_bytes_max = 200;
constexpr std::size_t email_bytes_max = 254;  // RFC 5321: a path has 256, with its brackets.

std::string message(std::string_view text) {
  return json::serialize(json::object{{"message", text}});
}

// "2026-11-26T10:00:00Z"
std::string utc(std::uint64_t micros) {
  using namespace std::chrono;
  const sys_seconds whole{seconds(micros / 1'000'000)};
  const auto day = floor<days>(whole);
  const year_month_day date(day);
  const hh_mm_ss clock(whole - day);
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02ld:%02ld:%02ldZ", int(date.year()),
                unsigned(date.month()), unsigned(date.day()), long(clock.hours().count()),
                long(clock.minutes().count()), long(clock.seconds().count()));
  return text.data();
}

// What a mail server would take, as far as a look can tell: whether it is somebody's, only a mail
// tells.
bool is_address(std::string_view email) {
  const auto at = email.find('@');
  const bool one_at = at != email.npos && at > 0 && at + 1 < email.size() && email.rfind('@') == at;
  const auto printable = [](char c) { return c > ' ' && c != 0x7F; };
  return one_at && email.size() <= email_bytes_max && std::ranges::all_of(email, printable);
}

struct NewUser {
  std::string name;
  std::string email;
};

// The error is a sentence for the caller.
Result<NewUser> read_new_user(const ApiRequest& request) {
  boost::system::error_code error;
  const json::value body = json::parse(request.body, error);
  if (error || !body.is_object())
    return fail(Fault::bad_event, "send a JSON object: {\"name\": ..., \"email\": ...}");
  const json::value* const name = body.get_object().if_contains("name");
  const json::value* const email = body.get_object().if_contains("email");
  if (name == nullptr || !name->is_string() || name->get_string().empty() ||
      name->get_string().size() > name_bytes_max)
    return fail(Fault::bad_event, "name has to be a text of 1 to 200 bytes");
  if (email == nullptr || !email->is_string() || !is_address(email->get_string()))
    return fail(Fault::bad_event, "email has to be an address, such as ada@example.com");
  return NewUser{std::string(name->get_string()), std::string(email->get_string())};
}

}  // namespace

class Users {
 public:
  struct Config {
    std::string table = "users";
    std::uint32_t list_max = 100;
  };

  static ConfigSpec<Config> spec() {
    return ConfigSpec<Config>("Makes, reads, lists and deletes users.")
        .field("table", &Config::table, "The table that the sink of `users` writes.")
        .field("list_max", &Config::list_max, "Users of one page of a list, at most.",
               in_range(1, 1000));
  }

  static FunctionInfo info() {
    return {.name = "users",
            .summary = "The back end of an API: users as rows, replies over HTTP.",
            .outputs = {{"users", OutputKind::rows, "One JSON object per user, under its id."},
                        {"created", OutputKind::messages, "Every new user, for a mail of welcome.",
                         true}},
            .flags = TIDEMILL_NON_BLOCKING | TIDEMILL_THREAD_SAFE | TIDEMILL_DETERMINISTIC};
  }

  explicit Users(Config config) : config_(std::move(config)) {}

  Response handle(const Batch& batch, Context& context) const {
    Response response(context);
    const Table table = context.table(config_.table);
    for (const EventView event : batch) {
      const auto request = read_request(event.data());
      if (!request) {
        response.fail_event(event, request.error());
      } else if (auto answered = answer(event, *request, table, response); !answered) {
        response.fail_event(event, answered.error());
      }
    }
    return response;
  }

 private:
  Result<> answer(const EventView& event, const ApiRequest& request, const Table& table,
                  Response& response) const {
    if (request.method == "POST" && request.id.empty()) {
      create(event, request, response);
      return {};
    }
    if (request.method == "GET" && request.id.empty()) return list(event, request, table, response);
    if (request.method == "GET") return show(event, request, table, response);
    if (request.method == "DELETE" && !request.id.empty())
      return remove(event, request, table, response);
    response.reply(event, 405, message("Method Not Allowed"));
    return {};
  }

  static void create(const EventView& event, const ApiRequest& request, Response& response) {
    const auto user = read_new_user(request);
    if (!user) return response.reply(event, 400, message(user.error().message));
    const std::string row = json::serialize(json::object{{"id", request.request_id},
                                                         {"name", user->name},
                                                         {"email", user->email},
                                                         {"created_at", utc(event.time_us())}});
    response.put_row(event, rows, request.request_id, row);
    response.publish(event, created, request.request_id, row);
    const std::pair<std::string, std::string> location[] = {
        {"Location", "/users/" + request.request_id}};
    response.reply(event, 201, row, "application/json", location);
  }

  static Result<> show(const EventView& event, const ApiRequest& request, const Table& table,
                       Response& response) {
    const auto row = table.get(request.id);
    if (!row) return std::unexpected(row.error());
    if (*row) {
      response.reply(event, 200, **row);
    } else {
      response.reply(event, 404, message("there is no such user"));
    }
    return {};
  }

  static Result<> remove(const EventView& event, const ApiRequest& request, const Table& table,
                         Response& response) {
    const auto row = table.get(request.id);
    if (!row) return std::unexpected(row.error());
    if (!*row) {
      response.reply(event, 404, message("there is no such user"));
      return {};
    }
    response.delete_row(event, rows, request.id);
    response.reply(event, 204, "", "");
    return {};
  }

  Result<> list(const EventView& event, const ApiRequest& request, const Table& table,
                Response& response) const {
    const auto limit = page_size(request.limit);
    if (!limit) {
      response.reply(event, 400, message(limit.error().message));
      return {};
    }
    const auto page = table.scan({.after = request.after, .rows_max = *limit});
    if (!page) return std::unexpected(page.error());
    // The rows are JSON already.
    std::string body = "{\"users\":[";
    for (const Table::Row& row : page->rows) {
      if (body.back() == '}') body += ',';
      body += row.value;
    }
    body += "]";
    if (page->more) body += ",\"next\":" + json::serialize(json::string(page->rows.back().key));
    response.reply(event, 200, body + "}");
    return {};
  }

  Result<std::uint32_t> page_size(const std::string& limit) const {
    if (limit.empty()) return config_.list_max;
    std::uint32_t wanted = 0;
    const char* const end = limit.data() + limit.size();
    const auto read = std::from_chars(limit.data(), end, wanted);
    if (read.ec != std::errc{} || read.ptr != end || wanted == 0)
      return fail(Fault::bad_event, "limit has to be a number from 1 on");
    return std::min(wanted, config_.list_max);
  }

  const Config config_;
};

}  // namespace tidemill::users

TIDEMILL_FUNCTION(tidemill::users::Users)
