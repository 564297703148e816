#include <gmock/gmock.h>

#include <boost/json.hpp>

#include "tidemill/testing/function_host.h"

namespace tidemill::users {
namespace {

namespace json = boost::json;
using ::testing::ElementsAre;
using testing::FunctionHost;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::uint64_t a_day_of_2026 = 1'790'000'000'000'000;  // 2026-09-21T14:13:20Z

class UsersTest : public ::testing::Test {
 protected:
  struct Sent {
    std::string method;
    std::string id{};
    std::string body{};
    json::object query{};
    bool encoded = false;
  };

  FunctionHost::Answer send(const Sent& sent, const FunctionHost::Options& options = {}) {
    FunctionHost host(options);
    host.tables["users"] = users_;
    json::object event{
        {"version", "2.0"},
        {"requestContext", {{"requestId", "r1"}, {"http", json::object{{"method", sent.method}}}}},
        {"isBase64Encoded", sent.encoded}};
    if (!sent.id.empty()) event["pathParameters"] = json::object{{"id", sent.id}};
    if (!sent.query.empty()) event["queryStringParameters"] = sent.query;
    if (!sent.body.empty()) event["body"] = sent.body;
    host.event("", json::serialize(event), a_day_of_2026);
    auto answer = host.invoke();
    EXPECT_THAT(answer.failures, IsEmpty());
    return answer;
  }

  std::map<std::string, std::string> users_;
};

TEST_F(UsersTest, AUserIsMade) {
  const auto answer =
      send({.method = "POST", .body = R"({"name": "Ada", "email": "ada@example.com"})"});

  const std::string row =
      R"({"id":"r1","name":"Ada","email":"ada@example.com","created_at":"2026-09-21T14:13:20Z"})";
  EXPECT_EQ(answer.reply().operand, 201);
  EXPECT_EQ(answer.reply().data, row);
  EXPECT_EQ(answer.reply().metadata.at("Location"), "/users/r1");
  EXPECT_EQ(answer.on("users").key, "r1");
  EXPECT_EQ(answer.on("users").data, row);
  EXPECT_EQ(answer.on("created").data, row);
}

TEST_F(UsersTest, ABodyThatDoesNotCallItselfTextIsReadToo) {
  const auto answer = send({.method = "POST",
                            .body = "eyJuYW1lIjoiQWRhIiwiZW1haWwiOiJhZGFAZXhhbXBsZS5jb20ifQ==",
                            .encoded = true});
  EXPECT_EQ(answer.reply().operand, 201);
}

TEST_F(UsersTest, WhoSendsSomethingElseIsTold) {
  const std::string name = R"({"email": "ada@example.com"})";
  const std::string email = R"({"name": "Ada", "email": "ada"})";
  for (const auto& [body, sentence] :
       {std::pair("nonsense", "send a JSON object"), std::pair("[]", "send a JSON object"),
        std::pair(name.c_str(), "name has to be"), std::pair(email.c_str(), "email has to be")}) {
    const auto answer = send({.method = "POST", .body = body});
    EXPECT_EQ(answer.reply().operand, 400) << body;
    EXPECT_THAT(answer.reply().data, HasSubstr(sentence));
    EXPECT_EQ(answer.effects.size(), 1u);
  }
  EXPECT_EQ(send({.method = "POST", .body = "A!", .encoded = true}).reply().operand, 400);
}

TEST_F(UsersTest, AUserIsRead) {
  users_["u1"] = R"({"id":"u1"})";

  EXPECT_EQ(send({.method = "GET", .id = "u1"}).reply().data, R"({"id":"u1"})");
  EXPECT_EQ(send({.method = "GET", .id = "u2"}).reply().operand, 404);
}

TEST_F(UsersTest, AUserIsDeleted) {
  users_["u1"] = "{}";

  const auto answer = send({.method = "DELETE", .id = "u1"});
  EXPECT_EQ(answer.reply().operand, 204);
  EXPECT_THAT(answer.keys_on("users"), ElementsAre("u1"));
  EXPECT_EQ(answer.on("users").kind, TIDEMILL_DELETE_ROW);
  const auto again = send({.method = "DELETE", .id = "u2"});
  EXPECT_EQ(again.reply().operand, 404);
  EXPECT_THAT(again.keys_on("users"), IsEmpty());
}

TEST_F(UsersTest, UsersAreListedByPages) {
  for (const char* id : {"a", "b", "c"}) users_[id] = "{\"id\":\"" + std::string(id) + "\"}";

  EXPECT_EQ(send({.method = "GET"}).reply().data,
            R"({"users":[{"id":"a"},{"id":"b"},{"id":"c"}]})");
  EXPECT_EQ(send({.method = "GET", .query = {{"limit", "2"}}}).reply().data,
            R"({"users":[{"id":"a"},{"id":"b"}],"next":"b"})");
  EXPECT_EQ(send({.method = "GET", .query = {{"after", "b"}}}).reply().data,
            R"({"users":[{"id":"c"}]})");
  EXPECT_EQ(send({.method = "GET", .query = {{"limit", "9"}}}, {{"list_max", "1"}}).reply().data,
            R"({"users":[{"id":"a"}],"next":"a"})");
  EXPECT_EQ(send({.method = "GET", .query = {{"limit", "no"}}}).reply().operand, 400);
}

TEST_F(UsersTest, NothingElseIsAllowed) {
  EXPECT_EQ(send({.method = "PATCH", .id = "u1"}).reply().operand, 405);
  EXPECT_EQ(send({.method = "DELETE"}).reply().operand, 405);
}

TEST_F(UsersTest, AnEventThatIsNoRequestFails) {
  FunctionHost host;
  host.event("", "{}");
  const auto answer = host.invoke();
  ASSERT_EQ(answer.failures.size(), 1u);
  EXPECT_EQ(answer.failures[0].fault, TIDEMILL_BAD_EVENT);
  EXPECT_THAT(answer.failures[0].reason, HasSubstr("API Gateway's shape"));
}

}  // namespace
}  // namespace tidemill::users
