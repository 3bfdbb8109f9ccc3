import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonArray;
import com.ibm.cloud.sdk.core.http.RequestBuilder;
import com.ibm.cloud.sdk.core.http.Response;
import com.ibm.cloud.sdk.core.security.IamAuthenticator;
import com.ibm.cloud.sdk.core.service.BaseService;
import com.ibm.cloud.sdk.core.service.exception.ConflictException;
import com.ibm.cloud.sdk.core.service.exception.ServiceResponseException;
import com.ibm.cloud.sdk.core.util.ResponseConverterUtils;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;

/**
 * Drives the key service twin through the core of IBM's SDKs for Java, and prints a line per step that held.
 *
 * <p>The SDK for Key Protect itself is in no registry (its README says to build it from its repository). It is
 * generated on this core, which brings what a service notices: IAM, okhttp, streamed (chunked) bodies, the
 * reading of answers and the typed exceptions. The calls below have the paths, headers and media types of the SDK.
 */
public final class Driver {
  /** The twin's clock runs fast: its 30 seconds are over by then. */
  private static final long SETTLES_MS = 100;

  private static final String MEDIA = "application/vnd.ibm.kms.%s+json";

  /** One region, called as the generated SDK calls it. */
  static final class KeyProtect extends BaseService {
    private final String instance;

    KeyProtect(String region) {
      super("ibm_key_protect_api", new IamAuthenticator.Builder()
          .apikey(System.getenv("KEYCHAOS_API_KEY"))
          .url(System.getenv("KEYCHAOS_IAM_URL"))
          .build());
      setServiceUrl(System.getenv("KEYCHAOS_" + region + "_URL"));
      instance = System.getenv("KEYCHAOS_" + region + "_INSTANCE");
    }

    JsonObject call(String method, String path, String kind, String body, String... headers) {
      RequestBuilder builder = builder(method, path);
      builder.header("Accept", "application/json");
      builder.header("Bluemix-Instance", instance);
      for (int place = 0; place < headers.length; place += 2) {
        builder.header(headers[place], headers[place + 1]);
      }
      if (body != null) {
        // Bodies that are streams go out in chunks, as the SDK sends them.
        ByteArrayInputStream stream = new ByteArrayInputStream(body.getBytes(StandardCharsets.UTF_8));
        builder.bodyContent(String.format(MEDIA, kind), null, null, stream);
      }
      Response<String> answer = createServiceCall(builder.build(), ResponseConverterUtils.getString()).execute();
      String text = answer.getResult();
      return text == null || text.isEmpty() ? new JsonObject() : JsonParser.parseString(text).getAsJsonObject();
    }

    private RequestBuilder builder(String method, String path) {
      okhttp3.HttpUrl url = okhttp3.HttpUrl.parse(getServiceUrl() + "/api/v2/" + path);
      switch (method) {
        case "GET": return RequestBuilder.get(url);
        case "POST": return RequestBuilder.post(url);
        case "PUT": return RequestBuilder.put(url);
        case "PATCH": return RequestBuilder.patch(url);
        default: return RequestBuilder.delete(url);
      }
    }

    String create(String fields) {
      String key = "{\"name\":\"java-key\",\"extractable\":false" + fields + "}";
      return resource(call("POST", "keys", "key", envelope("key", key))).get("id").getAsString();
    }

    JsonObject wrap(String id) {
      return call("POST", "keys/" + id + "/actions/wrap", "key_action_wrap", "{}");
    }

    JsonObject unwrap(String id, JsonObject wrapped) {
      JsonObject body = new JsonObject();
      body.add("ciphertext", wrapped.get("ciphertext"));
      return call("POST", "keys/" + id + "/actions/unwrap", "key_action_unwrap", body.toString());
    }

    void act(String id, String action, String body) {
      call("POST", "keys/" + id + "/actions/" + action, "key_action_" + action, body);
    }
  }

  private static final Map<String, BiConsumer<KeyProtect, KeyProtect>> STEPS = new LinkedHashMap<>();

  static {
    STEPS.put("create", (south, east) -> {
      String id = south.create("");
      JsonObject shown = resource(south.call("GET", "keys/" + id + "/metadata", "", null));
      check(shown.get("state").getAsInt() == 1, "a new key is active");
      check(!shown.get("deleted").getAsBoolean(), "a new key is not deleted");
      check(ids(south.call("GET", "keys?limit=5000&state=", "", null)).contains(id), "the list has it");
    });
    STEPS.put("import", (south, east) -> {
      String id = south.create(payload(1));
      JsonObject shown = resource(south.call("GET", "keys/" + id, "", null));
      check(shown.get("imported").getAsBoolean(), "it is imported");
      // Numbers of an import token are doubles in this language's SDK.
      String floats = "{\"expiration\":86400.0,\"maxAllowedRetrievals\":2.0}";
      JsonObject token = south.call("POST", "import_token", "import_token", floats);
      check(token.get("remainingRetrievals").getAsDouble() == 2.0, "two retrievals are left");
      check(south.call("GET", "import_token", "", null).has("payload"), "the token has a key");
    });
    STEPS.put("wrap", (south, east) -> {
      JsonObject wrapped = south.wrap(south.create(""));
      byte[] drawn = Base64.getDecoder().decode(wrapped.get("plaintext").getAsString());
      check(drawn.length == 32, "a drawn data key has 32 bytes");
    });
    STEPS.put("unwrap", (south, east) -> {
      String id = south.create("");
      JsonObject wrapped = south.wrap(id);
      same(wrapped, south.unwrap(id, wrapped));
      String other = south.create("");
      refused(422, "UNPROCESSABLE_CIPHERTEXT_ERR", () -> south.unwrap(other, wrapped));
    });
    STEPS.put("rotate", (south, east) -> {
      String id = south.create("");
      JsonObject wrapped = south.wrap(id);
      south.act(id, "rotate", "{}");
      refused(409, "KEY_ROTATION_NOT_PERMITTED", () -> south.act(id, "rotate", "{}"));
      JsonObject opened = south.unwrap(id, wrapped);
      same(wrapped, opened);
      check(opened.has("rewrappedKeyVersion"), "an old data key comes back wrapped anew");
      JsonObject versions = south.call("GET", "keys/" + id + "/versions?totalCount=true", "", null);
      check(versions.getAsJsonArray("resources").size() == 2, "there are two versions");
    });
    STEPS.put("rewrap", (south, east) -> {
      String id = south.create("");
      JsonObject wrapped = south.wrap(id);
      south.act(id, "rotate", "{}");
      String body = "{\"ciphertext\":" + wrapped.get("ciphertext") + "}";
      JsonObject again = south.call("POST", "keys/" + id + "/actions/rewrap", "key_action_rewrap", body);
      check(!again.has("plaintext"), "rewrap tells no plaintext");
      same(wrapped, south.unwrap(id, again));
    });
    STEPS.put("disable", (south, east) -> {
      String id = south.create("");
      south.act(id, "disable", null);
      refused(409, "KEY_ACTION_INVALID_STATE_ERR", () -> south.wrap(id));
    });
    STEPS.put("enable", (south, east) -> {
      String id = south.create("");
      south.act(id, "disable", null);
      settle();
      south.act(id, "enable", null);
      south.wrap(id);
    });
    STEPS.put("delete", (south, east) -> {
      String id = south.create("");
      JsonObject gone = resource(south.call("DELETE", "keys/" + id, "", null, "Prefer", "return=representation"));
      check(gone.get("state").getAsInt() == 5, "it is destroyed");
      refused(410, "KEY_DELETED_ERR", () -> south.wrap(id));
    });
    STEPS.put("restore", (south, east) -> {
      String id = south.create("");
      JsonObject wrapped = south.wrap(id);
      south.call("DELETE", "keys/" + id, "", null);
      settle();
      JsonObject restored = resource(south.call("POST", "keys/" + id + "/restore", "key_action_restore", "{}"));
      check(restored.get("state").getAsInt() == 1, "it is active again");
      same(wrapped, south.unwrap(id, wrapped));
    });
    STEPS.put("alias", (south, east) -> {
      String id = south.create("");
      south.call("POST", "keys/" + id + "/aliases/java-alias", "", null);
      JsonObject shown = resource(south.call("GET", "keys/java-alias", "", null));
      check(shown.get("id").getAsString().equals(id), "the key is found by its alias");
      south.call("DELETE", "keys/" + id + "/aliases/java-alias", "", null);
      refused(404, "KEY_NOT_FOUND_ERR", () -> south.call("GET", "keys/java-alias", "", null));
    });
    STEPS.put("ring", (south, east) -> {
      south.call("POST", "key_rings/java-ring", "", null);
      String id = south.create("");
      JsonObject moved = resource(south.call("PATCH", "keys/" + id, "key", "{\"keyRingID\":\"java-ring\"}"));
      check(moved.get("keyRingID").getAsString().equals("java-ring"), "the key moved");
      check(ids(south.call("GET", "key_rings", "", null)).contains("java-ring"), "the ring is listed");
      refused(409, "KEY_RING_NOT_EMPTY_ERR", () -> south.call("DELETE", "key_rings/java-ring", "", null));
      south.call("DELETE", "keys/" + id, "", null);
      south.call("DELETE", "key_rings/java-ring?force=true", "", null);
    });
    STEPS.put("policy", (south, east) -> {
      String path = "keys/" + south.create("") + "/policies";
      String rotation = "{\"type\":\"" + String.format(MEDIA, "policy")
          + "\",\"rotation\":{\"enabled\":true,\"interval_month\":3}}";
      JsonObject set = resource(south.call("PUT", path + "?policy=rotation", "policy", envelope("policy", rotation)));
      check(set.getAsJsonObject("rotation").get("interval_month").getAsInt() == 3, "the interval is set");
      check(south.call("GET", path, "", null).getAsJsonArray("resources").size() == 1, "one policy is set");
      String metrics = "{\"policy_type\":\"metrics\",\"policy_data\":{\"enabled\":true}}";
      south.call("PUT", "instance/policies?policy=metrics", "policy", envelope("policy", metrics));
    });
    STEPS.put("two regions", (south, east) -> {
      String primary = south.create(payload(3));
      String backup = east.create(payload(3));
      JsonObject before = south.wrap(primary);
      same(before, east.unwrap(backup, before));
      String rotation = "{" + payload(5).substring(1) + "}";
      south.act(primary, "rotate", rotation);
      JsonObject drifted = south.wrap(primary);
      refused(422, "UNPROCESSABLE_CIPHERTEXT_ERR", () -> east.unwrap(backup, drifted));
      east.act(backup, "rotate", rotation);
      same(drifted, east.unwrap(backup, drifted));
      same(before, east.unwrap(backup, before));
    });
  }

  public static void main(String[] arguments) {
    KeyProtect south = new KeyProtect("US_SOUTH");
    KeyProtect east = new KeyProtect("US_EAST");
    STEPS.forEach((name, step) -> {
      step.accept(south, east);
      System.out.println("ok " + name);
    });
    System.exit(0); // okhttp keeps threads for a minute
  }

  private static String envelope(String kind, String resource) {
    String metadata = "{\"collectionType\":\"" + String.format(MEDIA, kind) + "\",\"collectionTotal\":1}";
    return "{\"metadata\":" + metadata + ",\"resources\":[" + resource + "]}";
  }

  private static JsonObject resource(JsonObject collection) {
    return collection.getAsJsonArray("resources").get(0).getAsJsonObject();
  }

  private static List<String> ids(JsonObject collection) {
    List<String> found = new ArrayList<>();
    JsonArray resources = collection.getAsJsonArray("resources");
    resources.forEach(each -> found.add(each.getAsJsonObject().get("id").getAsString()));
    return found;
  }

  private static String payload(int first) {
    byte[] raw = new byte[32];
    for (int place = 0; place < raw.length; place++) {
      raw[place] = (byte) (first + place);
    }
    return ",\"payload\":\"" + Base64.getEncoder().encodeToString(raw) + "\"";
  }

  private static void same(JsonObject wrapped, JsonObject opened) {
    check(wrapped.get("plaintext").equals(opened.get("plaintext")), "the data key comes back");
  }

  private static void refused(int status, String code, Runnable act) {
    try {
      act.run();
    } catch (ServiceResponseException refusal) {
      check(refusal.getStatusCode() == status, "expected " + status + ", not " + refusal.getStatusCode());
      check(refusal.getResponseBody().contains("\"code\":\"" + code + "\""), "expected " + code);
      check(status != 409 || refusal instanceof ConflictException, "a conflict has its own exception");
      return;
    }
    throw new IllegalStateException("expected " + status + " " + code);
  }

  private static void settle() {
    try {
      Thread.sleep(SETTLES_MS);
    } catch (InterruptedException interrupted) {
      throw new IllegalStateException(interrupted);
    }
  }

  private static void check(boolean held, String sentence) {
    if (!held) {
      throw new IllegalStateException(sentence);
    }
  }
}
