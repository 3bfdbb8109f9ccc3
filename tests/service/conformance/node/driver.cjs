// Drives the key service twin through IBM's SDK for Node, and prints a line per step that held.
'use strict';
const assert = require('node:assert/strict');
const { setTimeout: sleep } = require('node:timers/promises');
const KeyProtect = require('@ibm-cloud/ibm-key-protect/ibm-key-protect-api/v2');
const { IamAuthenticator } = require('@ibm-cloud/ibm-key-protect/auth');

const env = process.env;
const SETTLES = 100; // the twin's clock runs fast: its 30 seconds are over by then
const material = (first) => Buffer.from(Array.from({ length: 32 }, (_, i) => first + i)).toString('base64');

function region(name) {
  const authenticator = new IamAuthenticator({ apikey: env.KEYCHAOS_API_KEY, url: env.KEYCHAOS_IAM_URL });
  const service = new KeyProtect({ authenticator, serviceUrl: env[`KEYCHAOS_${name}_URL`] });
  const bluemixInstance = env[`KEYCHAOS_${name}_INSTANCE`];
  return (method, params = {}) => service[method]({ bluemixInstance, ...params });
}

function envelope(kind, resource) {
  const collectionType = `application/vnd.ibm.kms.${kind}+json`;
  return { metadata: { collectionType, collectionTotal: 1 }, resources: [{ type: collectionType, ...resource }] };
}

async function create(call, fields = {}, params = {}) {
  const body = envelope('key', { name: 'node-key', extractable: false, ...fields });
  const answer = await call('createKey', { body, ...params });
  assert.equal(answer.status, 201);
  return answer.result.resources[0];
}

async function refused(promise, status, code) {
  const error = await promise.then(() => null, (caught) => caught);
  assert.ok(error, `expected ${status}`);
  assert.equal(error.status, status);
  const body = typeof error.body === 'string' ? JSON.parse(error.body) : error.result;
  assert.equal(body.resources[0].reasons[0].code, code);
}

async function text(stream) {
  let all = '';
  for await (const part of stream) all += part;
  return all;
}

const steps = {
  async create(south) {
    const key = await create(south);
    assert.equal(key.deleted, false);
    const shown = await south('getKeyMetadata', { id: key.id });
    assert.equal(shown.result.resources[0].state, 1);
    const listed = await south('getKeys', { limit: 5000 });
    assert.ok(listed.result.resources.some((each) => each.id === key.id));
    const counted = await south('getKeyCollectionMetadata');
    assert.ok(Number(counted.headers['key-total']) >= 1);
  },
  async import(south) {
    const key = await create(south, { payload: material(1) });
    assert.equal(key.imported, true);
    await refused(create(south, { payload: 'AAAA' }), 400, 'INVALID_FIELD_ERR');
  },
  async wrap(south) {
    const { id } = await create(south);
    const drawn = await south('wrapKey', { id, keyActionWrapBody: {} });
    assert.equal(Buffer.from(drawn.result.plaintext, 'base64').length, 32);
    const own = await south('wrapKey', { id, keyActionWrapBody: { plaintext: 'bm9kZQ==', aad: ['a', 'b'] } });
    assert.equal(own.result.plaintext, undefined);
  },
  async unwrap(south) {
    const { id } = await create(south);
    const wrapped = await south('wrapKey', { id, keyActionWrapBody: { plaintext: 'bm9kZQ==', aad: ['a'] } });
    const { ciphertext } = wrapped.result;
    const opened = await south('unwrapKey', { id, keyActionUnwrapBody: { ciphertext, aad: ['a'] } });
    assert.equal(opened.result.plaintext, 'bm9kZQ==');
    const wrong = south('unwrapKey', { id, keyActionUnwrapBody: { ciphertext, aad: ['b'] } });
    await refused(wrong, 422, 'UNPROCESSABLE_CIPHERTEXT_ERR');
  },
  async rotate(south) {
    const { id } = await create(south);
    const { ciphertext, plaintext } = (await south('wrapKey', { id, keyActionWrapBody: {} })).result;
    assert.equal((await south('rotateKey', { id, keyActionRotateBody: {} })).status, 204);
    await refused(south('rotateKey', { id, keyActionRotateBody: {} }), 409, 'KEY_ROTATION_NOT_PERMITTED');
    const opened = (await south('unwrapKey', { id, keyActionUnwrapBody: { ciphertext } })).result;
    assert.equal(opened.plaintext, plaintext);
    assert.notEqual(opened.rewrappedKeyVersion.id, opened.keyVersion.id);
    const versions = await south('getKeyVersions', { id });
    assert.equal(versions.result.resources.length, 2);
  },
  async rewrap(south) {
    const { id } = await create(south);
    const { ciphertext, plaintext } = (await south('wrapKey', { id, keyActionWrapBody: {} })).result;
    await south('rotateKey', { id, keyActionRotateBody: {} });
    const rewrapped = (await south('rewrapKey', { id, keyActionRewrapBody: { ciphertext } })).result;
    assert.equal(rewrapped.plaintext, undefined);
    const keyActionUnwrapBody = { ciphertext: rewrapped.ciphertext };
    assert.equal((await south('unwrapKey', { id, keyActionUnwrapBody })).result.plaintext, plaintext);
  },
  async disable(south) {
    const { id } = await create(south);
    assert.equal((await south('disableKey', { id })).status, 204);
    await refused(south('wrapKey', { id, keyActionWrapBody: {} }), 409, 'KEY_ACTION_INVALID_STATE_ERR');
  },
  async enable(south) {
    const { id } = await create(south);
    await south('disableKey', { id });
    await sleep(SETTLES);
    assert.equal((await south('enableKey', { id })).status, 204);
    await south('wrapKey', { id, keyActionWrapBody: {} });
  },
  async delete(south) {
    const { id } = await create(south);
    const gone = await south('deleteKey', { id, prefer: 'return=representation' });
    assert.equal(gone.result.resources[0].state, 5);
    await refused(south('wrapKey', { id, keyActionWrapBody: {} }), 410, 'KEY_DELETED_ERR');
  },
  async restore(south) {
    const { id } = await create(south);
    const { ciphertext, plaintext } = (await south('wrapKey', { id, keyActionWrapBody: {} })).result;
    await south('deleteKey', { id });
    await sleep(SETTLES);
    const restored = await south('restoreKey', { id });
    assert.equal(JSON.parse(await text(restored.result)).resources[0].state, 1);
    assert.equal((await south('unwrapKey', { id, keyActionUnwrapBody: { ciphertext } })).result.plaintext, plaintext);
  },
  async alias(south) {
    const { id } = await create(south);
    await south('createKeyAlias', { id, alias: 'node-alias' });
    assert.equal((await south('getKey', { id: 'node-alias' })).result.resources[0].id, id);
    await refused(south('createKeyAlias', { id, alias: 'node-alias' }), 409, 'KEY_ALIAS_NOT_UNIQUE_ERR');
    assert.equal((await south('deleteKeyAlias', { id, alias: 'node-alias' })).status, 204);
  },
  async ring(south) {
    const ring = { keyRingId: 'node-ring' };
    assert.equal((await south('createKeyRing', ring)).status, 201);
    const { id, keyRingID } = await create(south, {}, { xKmsKeyRing: 'node-ring' });
    assert.equal(keyRingID, 'node-ring');
    const rings = (await south('listKeyRings')).result.resources.map((each) => each.id);
    assert.ok(rings.includes('default') && rings.includes('node-ring'));
    await refused(south('deleteKeyRing', ring), 409, 'KEY_RING_NOT_EMPTY_ERR');
    await south('deleteKey', { id });
    await refused(south('deleteKeyRing', ring), 409, 'KEY_RING_NOT_EMPTY_ERR');
    // This version of the SDK knows no `force`; an empty ring needs none.
    await south('createKeyRing', { keyRingId: 'node-empty' });
    assert.equal((await south('deleteKeyRing', { keyRingId: 'node-empty' })).status, 204);
  },
  async policy(south) {
    const { id } = await create(south);
    const setKeyPoliciesOneOf = envelope('policy', { rotation: { enabled: true, interval_month: 3 } });
    const set = await south('putPolicy', { id, policy: 'rotation', setKeyPoliciesOneOf });
    assert.equal(set.result.resources[0].rotation.interval_month, 3);
    const held = await south('getPolicy', { id });
    assert.equal(held.result.resources.length, 1);
    const instance = envelope('policy', {});
    instance.resources = [{ policy_type: 'metrics', policy_data: { enabled: true } }];
    const put = await south('putInstancePolicy', { policy: 'metrics', setInstancePoliciesOneOf: instance });
    assert.equal(put.status, 204);
    const policies = (await south('getInstancePolicy')).result.resources;
    assert.ok(policies.some((each) => each.policy_type === 'metrics'));
  },
  async 'two regions'(south, east) {
    const primary = (await create(south, { payload: material(7) })).id;
    const backup = (await create(east, { payload: material(7) })).id;
    const wrap = async () => (await south('wrapKey', { id: primary, keyActionWrapBody: {} })).result;
    const unwrap = ({ ciphertext }) => east('unwrapKey', { id: backup, keyActionUnwrapBody: { ciphertext } });
    const before = await wrap();
    assert.equal((await unwrap(before)).result.plaintext, before.plaintext);
    const keyActionRotateBody = { payload: material(9) };
    await south('rotateKey', { id: primary, keyActionRotateBody });
    const drifted = await wrap();
    await refused(unwrap(drifted), 422, 'UNPROCESSABLE_CIPHERTEXT_ERR');
    await east('rotateKey', { id: backup, keyActionRotateBody });
    assert.equal((await unwrap(drifted)).result.plaintext, drifted.plaintext);
    assert.equal((await unwrap(before)).result.plaintext, before.plaintext);
  },
};

(async () => {
  const [south, east] = [region('US_SOUTH'), region('US_EAST')];
  for (const [name, step] of Object.entries(steps)) {
    await step(south, east);
    console.log(`ok ${name}`);
  }
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
