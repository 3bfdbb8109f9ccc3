// Drives the key service twin through IBM's client for Go, and prints a line per step that held.
package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"time"

	kp "github.com/IBM/keyprotect-go-client"
)

// The twin's clock runs fast: its 30 seconds are over by then.
const settles = 100 * time.Millisecond

var ctx = context.Background()

type step struct {
	name string
	hold func(south, east *kp.Client)
}

var steps = []step{
	{"create", create},
	{"import", imported},
	{"wrap", wrap},
	{"unwrap", unwrap},
	{"rotate", rotate},
	{"rewrap", rewrap},
	{"disable", disable},
	{"enable", enable},
	{"delete", remove},
	{"restore", restore},
	{"alias", alias},
	{"ring", ring},
	{"policy", policy},
	{"two regions", twoRegions},
}

func main() {
	south, east := region("US_SOUTH"), region("US_EAST")
	for _, each := range steps {
		each.hold(south, east)
		fmt.Println("ok", each.name)
	}
}

func region(name string) *kp.Client {
	client, err := kp.New(kp.ClientConfig{
		BaseURL:    os.Getenv("KEYCHAOS_" + name + "_URL"),
		APIKey:     os.Getenv("KEYCHAOS_API_KEY"),
		TokenURL:   os.Getenv("KEYCHAOS_IAM_URL") + "/oidc/token",
		InstanceID: os.Getenv("KEYCHAOS_" + name + "_INSTANCE"),
	}, kp.DefaultTransport())
	must(err)
	return client
}

func create(south, _ *kp.Client) {
	key := rootKey(south)
	check(key.State == 1, "a new key is active")
	check(!*key.Deleted, "a new key is not deleted")
	check(key.LastUpdateDate == nil && key.LastRotateDate == nil, "a new key was never changed")
	shown, err := south.GetKeyMetadata(ctx, key.ID)
	must(err)
	check(shown.Name == key.Name, "the metadata name it")
	limit := uint32(5000)
	listed, err := south.ListKeys(ctx, &kp.ListKeysOptions{Limit: &limit})
	must(err)
	check(contains(listed.Keys, key.ID), "the list has it")
	filter := kp.GetFilterQueryBuilder().Extractable(false).State([]kp.KeyState{1}).Build()
	listed, err = south.ListKeys(ctx, &kp.ListKeysOptions{Limit: &limit, Filter: &filter})
	must(err)
	check(contains(listed.Keys, key.ID), "the filtered list has it")
	search, err := kp.GetKeySearchQuery(&key.Name, kp.WithExactMatch())
	must(err)
	listed, err = south.ListKeys(ctx, &kp.ListKeysOptions{Limit: &limit, Search: search})
	must(err)
	check(contains(listed.Keys, key.ID), "the search finds it")
}

func imported(south, _ *kp.Client) {
	key, err := south.CreateImportedRootKey(ctx, "go-key", nil, material(1), "", "")
	must(err)
	check(key.Imported, "it is imported")
	_, err = south.CreateImportToken(ctx, 86400, 2) // a day of the twin is 24 seconds
	must(err)
	token, err := south.GetImportTokenTransportKey(ctx)
	must(err)
	secret := bytes.Repeat([]byte{7}, 32)
	sealed, err := kp.EncryptKey(base64.StdEncoding.EncodeToString(secret), token.Payload)
	must(err)
	nonce, iv, err := kp.EncryptNonce(base64.StdEncoding.EncodeToString(secret), token.Nonce, "")
	must(err)
	key, err = south.CreateImportedRootKey(ctx, "go-sealed", nil, sealed, nonce, iv)
	must(err)
	ciphertext, err := south.Wrap(ctx, key.ID, []byte("Z28="), nil)
	must(err)
	open, err := south.CreateImportedRootKey(ctx, "go-open", nil, base64.StdEncoding.EncodeToString(secret), "", "")
	must(err)
	plaintext, err := south.Unwrap(ctx, open.ID, ciphertext, nil)
	must(err)
	check(string(plaintext) == "Z28=", "sealed and open material are the same")
}

func wrap(south, _ *kp.Client) {
	key := rootKey(south)
	plaintext, _, err := south.WrapCreateDEK(ctx, key.ID, nil)
	must(err)
	drawn, err := base64.StdEncoding.DecodeString(string(plaintext))
	must(err)
	check(len(drawn) == 32, "a drawn data key has 32 bytes")
}

func unwrap(south, _ *kp.Client) {
	key := rootKey(south)
	aad := []string{"a", "b"}
	ciphertext, err := south.Wrap(ctx, key.ID, []byte("Z28="), &aad)
	must(err)
	plaintext, rewrapped, err := south.UnwrapV2(ctx, key.ID, ciphertext, &aad)
	must(err)
	check(string(plaintext) == "Z28=", "the data key comes back")
	check(len(rewrapped) == 0, "it is of the newest version")
	_, err = south.Unwrap(ctx, key.ID, ciphertext, &[]string{"ab"})
	refused(err, 422, "UNPROCESSABLE_CIPHERTEXT_ERR")
}

func rotate(south, _ *kp.Client) {
	key := rootKey(south)
	plaintext, ciphertext, err := south.WrapCreateDEK(ctx, key.ID, nil)
	must(err)
	must(south.RotateV2(ctx, key.ID, nil))
	refused(south.Rotate(ctx, key.ID, ""), 409, "KEY_ROTATION_NOT_PERMITTED")
	opened, rewrapped, err := south.UnwrapV2(ctx, key.ID, ciphertext, nil)
	must(err)
	check(bytes.Equal(opened, plaintext), "an old data key opens")
	check(len(rewrapped) > 0, "and comes back wrapped anew")
	versions, err := south.ListKeyVersions(ctx, key.ID, nil)
	must(err)
	check(len(versions.KeyVersion) == 2, "there are two versions")
	shown, err := south.GetKeyMetadata(ctx, key.ID)
	must(err)
	check(shown.LastUpdateDate != nil && shown.LastRotateDate != nil, "the rotation is dated")
}

// This client has no rewrap of its own: what unwrap gives back is the same thing.
func rewrap(south, _ *kp.Client) {
	key := rootKey(south)
	plaintext, ciphertext, err := south.WrapCreateDEK(ctx, key.ID, nil)
	must(err)
	must(south.RotateV2(ctx, key.ID, nil))
	_, rewrapped, err := south.UnwrapV2(ctx, key.ID, ciphertext, nil)
	must(err)
	opened, again, err := south.UnwrapV2(ctx, key.ID, rewrapped, nil)
	must(err)
	check(bytes.Equal(opened, plaintext), "the rewrapped data key opens")
	check(len(again) == 0, "it is of the newest version")
}

func disable(south, _ *kp.Client) {
	key := rootKey(south)
	must(south.DisableKey(ctx, key.ID))
	_, _, err := south.WrapCreateDEK(ctx, key.ID, nil)
	refused(err, 409, "KEY_ACTION_INVALID_STATE_ERR")
}

func enable(south, _ *kp.Client) {
	key := rootKey(south)
	must(south.DisableKey(ctx, key.ID))
	time.Sleep(settles)
	must(south.EnableKey(ctx, key.ID))
	_, _, err := south.WrapCreateDEK(ctx, key.ID, nil)
	must(err)
}

func remove(south, _ *kp.Client) {
	key := rootKey(south)
	gone, err := south.DeleteKey(ctx, key.ID, kp.ReturnRepresentation)
	must(err)
	check(*gone.Deleted, "it is deleted")
	_, _, err = south.WrapCreateDEK(ctx, key.ID, nil)
	refused(err, 410, "KEY_DELETED_ERR")
}

func restore(south, _ *kp.Client) {
	key := rootKey(south)
	plaintext, ciphertext, err := south.WrapCreateDEK(ctx, key.ID, nil)
	must(err)
	_, err = south.DeleteKey(ctx, key.ID, kp.ReturnMinimal)
	must(err)
	time.Sleep(settles)
	restored, err := south.RestoreKey(ctx, key.ID)
	must(err)
	check(!*restored.Deleted, "it is restored")
	opened, err := south.Unwrap(ctx, key.ID, ciphertext, nil)
	must(err)
	check(bytes.Equal(opened, plaintext), "its data keys open again")
}

func alias(south, _ *kp.Client) {
	key := rootKey(south)
	made, err := south.CreateKeyAlias(ctx, "go-alias", key.ID)
	must(err)
	check(made.KeyID == key.ID, "the alias is the key's")
	shown, err := south.GetKey(ctx, "go-alias")
	must(err)
	check(shown.ID == key.ID, "the key is found by its alias")
	must(south.DeleteKeyAlias(ctx, "go-alias", key.ID))
	_, err = south.GetKey(ctx, "go-alias")
	refused(err, 404, "KEY_NOT_FOUND_ERR")
}

func ring(south, _ *kp.Client) {
	must(south.CreateKeyRing(ctx, "go-ring"))
	key := rootKey(south)
	moved, err := south.SetKeyRing(ctx, key.ID, "go-ring")
	must(err)
	check(moved.KeyRingID == "go-ring", "the key moved")
	rings, err := south.GetKeyRings(ctx)
	must(err)
	check(len(rings.KeyRings) >= 2, "both rings are listed")
	refused(south.DeleteKeyRing(ctx, "go-ring"), 409, "KEY_RING_NOT_EMPTY_ERR")
	_, err = south.DeleteKey(ctx, key.ID, kp.ReturnMinimal)
	must(err)
	must(south.DeleteKeyRing(ctx, "go-ring", kp.WithForce(true)))
}

func policy(south, _ *kp.Client) {
	key := rootKey(south)
	held, err := south.GetPolicies(ctx, key.ID)
	must(err)
	check(len(held) == 0, "a new key has no policy")
	set, err := south.SetRotationPolicy(ctx, key.ID, 3, true)
	must(err)
	check(set.Rotation.Interval == 3, "the interval is set")
	set, err = south.DisableRotationPolicy(ctx, key.ID)
	must(err)
	check(!*set.Rotation.Enabled, "it is disabled")
	set, err = south.EnableRotationPolicy(ctx, key.ID)
	must(err)
	check(*set.Rotation.Enabled && set.Rotation.Interval == 3, "enabling keeps the interval")
	_, err = south.SetDualAuthDeletePolicy(ctx, key.ID, true)
	must(err)
	_, err = south.DeleteKey(ctx, key.ID, kp.ReturnMinimal)
	refused(err, 409, "AUTHORIZATIONS_NOT_MET")
	must(south.SetMetricsInstancePolicy(ctx, true))
	metrics, err := south.GetMetricsInstancePolicy(ctx)
	must(err)
	check(*metrics.PolicyData.Enabled, "metrics are on")
}

func twoRegions(south, east *kp.Client) {
	primary, err := south.CreateImportedRootKey(ctx, "go-primary", nil, material(3), "", "")
	must(err)
	backup, err := east.CreateImportedRootKey(ctx, "go-backup", nil, material(3), "", "")
	must(err)
	before, wrapped, err := south.WrapCreateDEK(ctx, primary.ID, nil)
	must(err)
	opened, err := east.Unwrap(ctx, backup.ID, wrapped, nil)
	must(err)
	check(bytes.Equal(opened, before), "the backup opens what the primary wrapped")
	must(south.Rotate(ctx, primary.ID, material(5)))
	after, drifted, err := south.WrapCreateDEK(ctx, primary.ID, nil)
	must(err)
	_, err = east.Unwrap(ctx, backup.ID, drifted, nil)
	refused(err, 422, "UNPROCESSABLE_CIPHERTEXT_ERR")
	must(east.Rotate(ctx, backup.ID, material(5)))
	opened, err = east.Unwrap(ctx, backup.ID, drifted, nil)
	must(err)
	check(bytes.Equal(opened, after), "the rotated backup opens it again")
}

func rootKey(client *kp.Client) *kp.Key {
	key, err := client.CreateRootKey(ctx, "go-key", nil)
	must(err)
	return key
}

func material(first byte) string {
	raw := make([]byte, 32)
	for place := range raw {
		raw[place] = first + byte(place)
	}
	return base64.StdEncoding.EncodeToString(raw)
}

func contains(keys []kp.Key, id string) bool {
	for _, key := range keys {
		if key.ID == id {
			return true
		}
	}
	return false
}

func refused(err error, status int, code string) {
	var refusal *kp.Error
	check(errors.As(err, &refusal), fmt.Sprintf("expected %d %s, not %v", status, code, err))
	check(refusal.StatusCode == status, fmt.Sprintf("expected %d, not %v", status, err))
	check(len(refusal.Reasons) == 1 && refusal.Reasons[0].Code == code, fmt.Sprint("reasons: ", err))
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func check(held bool, sentence string) {
	if !held {
		panic(sentence)
	}
}
