// Against a server in this process, which answers as a registry does.
#include "avro/schema_registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "http_client/testing/test_server.h"

namespace tidemill::avro {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing::TestServer;

class SchemaRegistryTest : public ::testing::Test {
 protected:
  std::unique_ptr<SchemaRegistry> registry(RegistryOptions options = {}) {
    if (options.url.empty()) options.url = server_.url() + "/api/";
    auto made = SchemaRegistry::make(options);
    EXPECT_TRUE(made) << made.error().message;
    return made ? std::move(*made) : nullptr;
  }

  Error error_of(std::uint32_t id) {
    const auto fetched = registry()->fetch(id);
    if (fetched) return {Fault::cancelled, "there is none", {}};
    return fetched.error();
  }

  std::map<std::string, TestServer::Answer> answers_;
  TestServer server_{[this](const TestServer::Request& request) -> TestServer::Answer {
    const auto found = answers_.find(request.target);
    if (found != answers_.end()) return found->second;
    return {.status = 404, .body = R"({"error_code":40403,"message":"Schema 7 not found"})"};
  }};
};

TEST_F(SchemaRegistryTest, FetchesASchemaUnderItsPathWithTheLogin) {
  answers_["/api/schemas/ids/7"] = {.body = R"({"schema":"\"int\""})"};
  RegistryOptions options{.url = server_.url() + "/api", .auth = {}, .tls = {}};
  options.auth = {AuthMechanism::plain, "tide", {"mill"}};
  const auto fetched = registry(options)->fetch(7);
  ASSERT_TRUE(fetched) << fetched.error().message;
  EXPECT_EQ((*fetched)->root().type, Type::integer);
  EXPECT_EQ(server_.requests().front().header("authorization"), "Basic dGlkZTptaWxs");
}

TEST_F(SchemaRegistryTest, FetchesWhatASchemaRefersToOnce) {
  answers_["/api/schemas/ids/7"] = {
      .body =
          R"({"schemaType":"AVRO","schema":"{\"type\":\"array\",\"items\":[\"a.A\",\"a.B\"]}",
          "references":[{"name":"a.B","subject":"b/1","version":2},
                        {"name":"a.A","subject":"a","version":1}]})"};
  answers_["/api/subjects/b%2F1/versions/2"] = {
      .body =
          R"({"schema":"{\"type\":\"record\",\"name\":\"a.B\",\"fields\":[{\"name\":\"a\",\"type\":\"A\"}]}",
          "references":[{"name":"a.A","subject":"a","version":1}]})"};
  answers_["/api/subjects/a/versions/1"] = {
      .body = R"({"schema":"{\"type\":\"fixed\",\"name\":\"a.A\",\"size\":1}"})"};
  const auto fetched = registry()->fetch(7);
  ASSERT_TRUE(fetched) << fetched.error().message;
  EXPECT_EQ(server_.requests().size(), 3u);
}

TEST_F(SchemaRegistryTest, ReferencesThatGoInACircleEnd) {
  answers_["/api/schemas/ids/7"] = answers_["/api/subjects/a/versions/1"] = {
      .body = R"({"schema":"\"b\"","references":[{"name":"b","subject":"a","version":1}]})"};
  EXPECT_EQ(error_of(7).fault, Fault::bad_event);
}

TEST_F(SchemaRegistryTest, WhatTheRegistryDoesNotHaveIsTheRecordsFault) {
  const Error error = error_of(7);
  EXPECT_EQ(error.fault, Fault::bad_event);
  EXPECT_EQ(error.message, "schema 7: " + server_.url() + " answers 404: Schema 7 not found");
}

TEST_F(SchemaRegistryTest, SoIsASchemaThatCannotBeRead) {
  answers_["/api/schemas/ids/1"] = {.body = R"({"schemaType":"PROTOBUF","schema":""})"};
  answers_["/api/schemas/ids/2"] = {.body = R"({"schema":"\"strnig\""})"};
  answers_["/api/schemas/ids/3"] = {.body = std::string(5u << 20, ' ')};
  EXPECT_EQ(error_of(1).message, "schema 1: /schemas/ids/1: it is of another type than AVRO");
  EXPECT_EQ(error_of(2).message, R"(schema 2: there is no type "strnig")");
  for (const std::uint32_t id : {1u, 2u, 3u}) EXPECT_EQ(error_of(id).fault, Fault::bad_event);
}

TEST_F(SchemaRegistryTest, WhatSpeaksOfTheServerIsWaitedFor) {
  answers_["/api/schemas/ids/1"] = {.status = 404, .body = "<html>"};
  answers_["/api/schemas/ids/2"] = {.status = 503};
  answers_["/api/schemas/ids/3"] = {.body = "<html>"};
  answers_["/api/schemas/ids/4"] = {.status = 301, .headers = {{"Location", "https://other/"}}};
  answers_["/api/schemas/ids/5"] = {.status = 401};
  answers_["/api/schemas/ids/6"] = {.manner = TestServer::Manner::hang_up};
  EXPECT_THAT(error_of(1).message, HasSubstr("correct schema_registry.url"));
  EXPECT_THAT(error_of(4).message, HasSubstr("should be where it points: https://other/"));
  EXPECT_THAT(error_of(5).message, HasSubstr("correct schema_registry.auth"));
  for (std::uint32_t id = 1; id <= 6; ++id) EXPECT_EQ(error_of(id).fault, Fault::unavailable) << id;
}

TEST_F(SchemaRegistryTest, ReachSaysWhatAPersonMustChange) {
  answers_["/api/schemas/types"] = {.body = R"(["AVRO"])"};
  EXPECT_TRUE(registry()->reach());
  answers_["/api/schemas/types"] = {.status = 401};
  EXPECT_EQ(registry()->reach().error().fault, Fault::bad_config);
  answers_["/api/schemas/types"] = {.status = 503};
  EXPECT_EQ(registry()->reach().error().fault, Fault::unavailable);
}

TEST_F(SchemaRegistryTest, AnInterruptEndsACallThatWaits) {
  answers_["/api/schemas/ids/7"] = {.manner = TestServer::Manner::stall};
  const auto one = registry();
  one->interrupt();
  EXPECT_EQ(one->fetch(7).error().fault, Fault::cancelled);
}

TEST_F(SchemaRegistryTest, OptionsThatContradictEachOtherAreRefused) {
  RegistryOptions options{.url = "ftp://there", .auth = {}, .tls = {}};
  EXPECT_THAT(SchemaRegistry::make(options).error().message, HasSubstr("schema_registry.url: "));
  options.url = "http://user:hush@there";
  EXPECT_THAT(SchemaRegistry::make(options).error().message, Not(HasSubstr("hush")));
  options.url = "http://there";
  options.tls.verify = false;
  EXPECT_THAT(SchemaRegistry::make(options).error().message, HasSubstr("https://"));
}

}  // namespace
}  // namespace tidemill::avro
