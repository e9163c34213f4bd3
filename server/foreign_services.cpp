#include "server/foreign_services.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "api/cbor.h"
#include "api/errors.h"
#include "api/json.h"
#include "api/xml.h"
#include "aws/protocol.h"
#include "aws/sigv4.h"
#include "net/http.h"
#include "net/uri.h"

namespace millrace::server {
namespace {

using Protocol = ServiceProtocol;

constexpr std::string_view kKinesis = "kinesis";
constexpr std::string_view kKinesisTarget = "Kinesis_20131202.";
constexpr std::size_t kNameBytesMax = 64;
constexpr std::size_t kActionsMax = 6;

// A service by all that a request may name it with. Which targets, paths and actions there are:
// the services' published models.
struct Service {
  std::string_view signing_name;
  Protocol protocol;
  std::string_view target;  // What stands before the dot in X-Amz-Target; empty: no such header.
  std::string_view path;    // How its paths begin; empty: as those of others.
  std::array<std::string_view, kActionsMax> actions{};  // Only of it, in unsigned calls above all.
};

constexpr std::array kServices = {
    Service{"acm", Protocol::kJson, "CertificateManager", ""},
    Service{"apigateway", Protocol::kRestJson, "", "/restapis"},
    Service{"application-autoscaling", Protocol::kJson, "AnyScaleFrontendService", ""},
    Service{"athena", Protocol::kJson, "AmazonAthena", ""},
    Service{"cloudformation",
            Protocol::kQuery,
            "",
            "",
            {"CreateStack", "DescribeStacks", "UpdateStack"}},
    Service{"cloudfront", Protocol::kRestXml, "", "/2020-05-31/"},
    Service{"cloudtrail", Protocol::kJson, "CloudTrail_20131101", ""},
    Service{"cognito-identity", Protocol::kJson, "AWSCognitoIdentityService", ""},
    Service{"cognito-idp", Protocol::kJson, "AWSCognitoIdentityProviderService", ""},
    Service{"dynamodb", Protocol::kJson, "DynamoDB_20120810", ""},
    Service{"dynamodb", Protocol::kJson, "DynamoDBStreams_20120810", ""},
    Service{"ec2",
            Protocol::kEc2Query,
            "",
            "",
            {"DescribeInstances", "DescribeRegions", "DescribeVpcs"}},
    Service{"ecr", Protocol::kJson, "AmazonEC2ContainerRegistry_V20150921", ""},
    Service{"ecs", Protocol::kJson, "AmazonEC2ContainerServiceV20141113", ""},
    Service{"events", Protocol::kJson, "AWSEvents", ""},
    Service{"firehose", Protocol::kJson, "Firehose_20150804", ""},
    Service{"glue", Protocol::kJson, "AWSGlue", ""},
    Service{"iam", Protocol::kQuery, "", "", {"CreateRole", "GetRole", "GetUser", "ListRoles"}},
    Service{"kinesisanalytics", Protocol::kJson, "KinesisAnalytics_20150814", ""},
    Service{"kinesisanalytics", Protocol::kJson, "KinesisAnalytics_20180523", ""},
    Service{"kms", Protocol::kJson, "TrentService", ""},
    Service{"lambda", Protocol::kRestJson, "", "/2015-03-31/"},
    Service{"logs", Protocol::kJson, "Logs_20140328", ""},
    Service{"monitoring",
            Protocol::kQuery,
            "GraniteServiceVersion20100801",
            "",
            {"GetMetricData", "ListMetrics", "PutMetricAlarm"}},
    Service{"route53", Protocol::kRestXml, "", "/2013-04-01/"},
    Service{"s3", Protocol::kS3, "", ""},
    Service{"s3-outposts", Protocol::kS3, "", ""},
    Service{"s3express", Protocol::kS3, "", ""},
    Service{"scheduler", Protocol::kRestJson, "", "/schedules"},
    Service{"secretsmanager", Protocol::kJson, "secretsmanager", ""},
    Service{"sns", Protocol::kQuery, "", "", {"CreateTopic", "ListTopics", "Publish", "Subscribe"}},
    Service{"sqs",
            Protocol::kJson,
            "AmazonSQS",
            "",
            {"CreateQueue", "GetQueueUrl", "ListQueues", "ReceiveMessage", "SendMessage"}},
    Service{"ssm", Protocol::kJson, "AmazonSSM", ""},
    Service{"states", Protocol::kJson, "AWSStepFunctions", ""},
    Service{"sts",
            Protocol::kQuery,
            "",
            "",
            {"AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity", "GetSessionToken",
             "GetFederationToken"}},
    Service{"tagging", Protocol::kJson, "ResourceGroupsTaggingAPI_20170126", ""},
};

template <class Matches>
const Service* find_service(Matches matches) {
  const auto* const found = std::ranges::find_if(kServices, matches);
  return found == kServices.end() ? nullptr : found;
}

bool is_service_name(std::string_view name) {
  return !name.empty() && name.size() <= kNameBytesMax &&
         std::ranges::all_of(name, [](unsigned char c) {
           return std::islower(c) != 0 || std::isdigit(c) != 0 || c == '-';
         });
}

std::string action_of(const net::HttpRequest& request) {
  std::string action = net::form_value(request.query, "Action");
  if (action.empty() && is_form(request)) action = net::form_value(request.body, "Action");
  return action;
}

// What of the request shows how its client wants to be answered, if not its service.
Protocol protocol_of(const net::HttpRequest& request, const std::string& action, Protocol usual) {
  if (!aws::parse_rpc_path(request.path).target.empty()) return Protocol::kRpcCbor;
  if (request.header("x-amz-target")) return Protocol::kJson;
  if (usual == Protocol::kEc2Query || usual == Protocol::kS3) return usual;
  return action.empty() ? usual : Protocol::kQuery;
}

std::string xml_error(Protocol protocol, std::string_view code, const std::string& message,
                      const std::string& request_id) {
  std::string fields = "<Code>" + std::string(code) + "</Code><Message>";
  api::append_xml_text(fields, message);
  fields += "</Message>";
  const std::string head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  switch (protocol) {
    case Protocol::kS3:
      return head + "<Error>" + fields + "<RequestId>" + request_id + "</RequestId></Error>";
    case Protocol::kEc2Query:
      return head + "<Response><Errors><Error>" + fields + "</Error></Errors><RequestID>" +
             request_id + "</RequestID></Response>";
    default:
      return head + "<ErrorResponse><Error><Type>Sender</Type>" + fields + "</Error><RequestId>" +
             request_id + "</RequestId></ErrorResponse>";
  }
}

template <class Writer>
std::string typed_error(const std::string& message) {
  std::string body;
  Writer writer(body);
  writer.begin_map(2);
  writer.key("__type");
  writer.string(api::kUnknownOperation.name);
  writer.key("message");
  writer.string(message);
  writer.end_map();
  return body;
}

std::string sentence(std::string_view service) {
  return "millrace does not serve " + std::string(service) +
         ". Set AWS_ENDPOINT_URL_KINESIS instead of AWS_ENDPOINT_URL.";
}

}  // namespace

bool is_form(const net::HttpRequest& request) {
  constexpr std::string_view kFormType = "application/x-www-form-urlencoded";
  const std::string_view type = request.header("content-type").value_or("");
  return net::equals_ignoring_case(net::trimmed(type.substr(0, type.find(';'))), kFormType);
}

std::optional<ForeignCall> foreign_call_of(const net::HttpRequest& request) {
  const std::string_view target = request.header("x-amz-target").value_or("");
  if (target.starts_with(kKinesisTarget)) return std::nullopt;
  const std::string signed_for = aws::signed_service(request);
  if (signed_for == kKinesis) return std::nullopt;
  const std::string action = action_of(request);
  const std::string_view prefix = target.empty() ? aws::parse_rpc_path(request.path).target
                                                 : target.substr(0, target.find('.'));
  const Service* found = nullptr;
  if (is_service_name(signed_for)) {
    found =
        find_service([&](const Service& service) { return service.signing_name == signed_for; });
    const auto usual = found != nullptr ? found->protocol : Protocol::kRestJson;
    return ForeignCall{signed_for, protocol_of(request, action, usual)};
  }
  found = find_service([&](const Service& service) {
    if (!prefix.empty()) return service.target == prefix;
    if (!action.empty()) return std::ranges::find(service.actions, action) != service.actions.end();
    return !service.path.empty() && request.path.starts_with(service.path);
  });
  if (found == nullptr) return std::nullopt;
  return ForeignCall{std::string(found->signing_name),
                     protocol_of(request, action, found->protocol)};
}

net::HttpResponse answer_foreign(const ForeignCall& call, const std::string& request_id) {
  const std::string message = sentence(call.service);
  net::HttpResponse response;
  switch (call.protocol) {
    case Protocol::kQuery:
    case Protocol::kEc2Query:
      response.status = 400;
      response.content_type = "text/xml";
      response.body = xml_error(call.protocol, "InvalidAction", message, request_id);
      break;
    case Protocol::kS3:
    case Protocol::kRestXml:
      response.status = 501;
      response.content_type = "application/xml";
      response.body = xml_error(call.protocol, "NotImplemented", message, request_id);
      break;
    case Protocol::kJson:
      response.status = 400;
      response.content_type = "application/x-amz-json-1.1";
      response.body = typed_error<api::JsonWriter>(message);
      break;
    case Protocol::kRestJson:
      response.status = 404;
      response.content_type = "application/json";
      response.body = typed_error<api::JsonWriter>(message);
      break;
    case Protocol::kRpcCbor:
      response.status = 404;
      response.content_type = "application/cbor";
      response.body = typed_error<api::CborWriter>(message);
      response.headers.emplace_back("smithy-protocol", "rpc-v2-cbor");
      break;
  }
  if (call.protocol == Protocol::kJson || call.protocol == Protocol::kRestJson) {
    response.headers.emplace_back("x-amzn-ErrorType", std::string(api::kUnknownOperation.name));
  }
  return response;
}

}  // namespace millrace::server
