"""A node of a chain of its own on loopback: JSON-RPC over HTTP in front of py-evm."""

import json
import sys
import threading
from collections.abc import Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

_RECURSION_LIMIT = sys.getrecursionlimit()

from eth.vm.spoof import SpoofTransaction  # noqa: E402
from eth_tester import EthereumTester, PyEVMBackend  # noqa: E402

from engine.market.onchain.abi import call_data, encode  # noqa: E402

# py-evm raises it so far that a deeply nested text overflows the stack instead of being refused.
sys.setrecursionlimit(_RECURSION_LIMIT)

CONTRACTS = Path(__file__).with_name("contracts")
ETHER = 10**18
BEGAN = 1_600_000_000
"""When the chain begins: 2020-09-13."""


class Refusal(Exception):
    """What the node answers with an error object."""

    def __init__(self, code: int, message: str, data: str | None = None) -> None:
        super().__init__(message)
        self.error = {"code": code, "message": message} | ({"data": data} if data else {})


class EvmNode:
    """Each transaction is a block of its own, 12 seconds after the last.

    chain_id: what it says. overrides: whether eth_call takes a third parameter. most_blocks: of
    one eth_getLogs. asked: the methods called. kept: what tests deploy once.
    """

    def __init__(self) -> None:
        genesis = PyEVMBackend.generate_genesis_params({"timestamp": BEGAN})
        self.tester = EthereumTester(backend=PyEVMBackend(genesis_parameters=genesis))
        self.chain = self.tester.backend.chain
        self.accounts: list[str] = list(self.tester.get_accounts())
        self.chain_id = 1
        self._now = BEGAN
        self.overrides = True
        self.most_blocks = 10_000
        self.asked: list[str] = []
        self.kept: dict[str, str] = {}
        self._lock = threading.Lock()
        node = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                many = isinstance(body, list)
                reply = [node.answer(one) for one in body] if many else node.answer(body)
                raw = json.dumps(reply).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def deploy(
        self, name: str, types: Sequence[str] = (), values: Sequence[Any] = (), owner: int = 0
    ) -> str:
        """Deploy a contract of the folder `contracts`; returns its address."""
        code = bytes.fromhex((CONTRACTS / f"{name}.hex").read_text().strip()[2:])
        return self.deploy_code(code + encode(types, values), owner)

    def deploy_code(self, code: bytes, owner: int = 0) -> str:
        """Deploy by these bytes, which return the contract's code."""
        with self._lock:
            self._tick()
            made = self.tester.send_transaction(
                {"from": self.accounts[owner], "data": "0x" + code.hex(), "gas": 5_000_000}
            )
            return str(self.tester.get_transaction_receipt(made)["contract_address"])

    def deploy_runtime(self, runtime: bytes) -> str:
        """Deploy a contract that is just these bytes (at most 255)."""
        # PUSH1 size, DUP1, PUSH1 11, PUSH1 0, CODECOPY, PUSH1 0, RETURN
        return self.deploy_code(bytes([0x60, len(runtime)]) + _COPY + runtime)

    def send(
        self,
        to: str,
        signature: str = "",
        values: Sequence[Any] = (),
        sender: int = 0,
        value: int = 0,
        gas: int = 500_000,
    ) -> str:
        """A transaction in a block of its own; returns its hash, whatever came of it."""
        data = call_data(signature, *values) if signature else b""
        return self.send_data(to, data, sender, value, gas)

    def send_data(
        self, to: str, data: bytes, sender: int = 0, value: int = 0, gas: int = 500_000
    ) -> str:
        """The same with the data as they are."""
        with self._lock:
            self._tick()
            return str(
                self.tester.send_transaction(
                    {
                        "from": self.accounts[sender],
                        "to": to,
                        "data": "0x" + data.hex(),
                        "gas": gas,
                        "value": value,
                    }
                )
            )

    def wait(self, seconds: int) -> None:
        """Let time pass on the chain until the next block."""
        self._now += seconds

    def _tick(self) -> None:
        """Give the next block its time; py-evm would take that of this computer."""
        self._now += 12
        self.chain.header = self.chain.header.copy(timestamp=self._now)

    def answer(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """The reply to one request."""
        head = {"jsonrpc": "2.0", "id": request["id"]}
        method = getattr(self, f"_{request['method']}", None)
        with self._lock:
            self.asked.append(request["method"])
            try:
                if method is None:
                    raise Refusal(-32601, f"the method {request['method']} does not exist")
                return head | {"result": method(*request["params"])}
            except Refusal as refusal:
                return head | {"error": refusal.error}

    def _eth_chainId(self) -> str:
        return hex(self.chain_id)

    def _eth_blockNumber(self) -> str:
        return hex(self._head)

    def _eth_getBalance(self, address: str, block: str) -> str:
        return hex(self._state(block).get_balance(_raw(address)))

    def _eth_getCode(self, address: str, block: str) -> str:
        return "0x" + self._state(block).get_code(_raw(address)).hex()

    def _eth_getStorageAt(self, address: str, slot: str, block: str) -> str:
        return f"0x{self._state(block).get_storage(_raw(address), int(slot, 16)):064x}"

    def _eth_call(self, call: Mapping[str, str], block: str, *more: Any) -> str:
        if more and not self.overrides:
            raise Refusal(-32602, "too many arguments, want at most 2")
        with self.chain.get_vm(self._header(block)).in_costless_state() as state:
            for address, change in more[0].items() if more else ():
                state.set_code(_raw(address), _raw(change["code"]))
            sender = _raw(call.get("from", "0x" + "00" * 20))
            transaction = self.chain.create_unsigned_transaction(
                nonce=state.get_nonce(sender),
                gas_price=0,
                gas=20_000_000,
                to=_raw(call["to"]),
                value=0,
                data=_raw(call["data"]),
            )
            done = state.costless_execute_transaction(SpoofTransaction(transaction, from_=sender))
        if done.is_error:
            raise Refusal(3, "execution reverted", "0x" + done.output.hex())
        return "0x" + bytes(done.output).hex()

    def _eth_getLogs(self, wanted: Mapping[str, Any]) -> list[dict[str, Any]]:
        first, last = int(wanted["fromBlock"], 16), int(wanted["toBlock"], 16)
        if last - first + 1 > self.most_blocks:
            raise Refusal(-32005, f"query exceeds max block range {self.most_blocks}")
        logs = []
        for number in range(first, min(last, self._head) + 1):
            block = self.chain.get_canonical_block_by_number(number)
            index = 0
            for transaction, receipt in zip(
                block.transactions, block.get_receipts(self.chain.chaindb), strict=True
            ):
                for log in receipt.logs:
                    logs.append(
                        {
                            "address": "0x" + log.address.hex(),
                            "topics": [f"0x{topic:064x}" for topic in log.topics],
                            "data": "0x" + log.data.hex(),
                            "blockNumber": hex(number),
                            "transactionHash": "0x" + transaction.hash.hex(),
                            "logIndex": hex(index),
                            "removed": False,
                        }
                    )
                    index += 1
        return [log for log in logs if _matches(log, wanted)]

    def _eth_getBlockByNumber(self, number: str, full: bool) -> dict[str, Any] | None:
        if int(number, 16) > self._head:
            return None
        block = self.chain.get_canonical_block_by_number(int(number, 16))
        transactions = [
            {
                "hash": "0x" + one.hash.hex(),
                "from": "0x" + one.sender.hex(),
                "to": "0x" + one.to.hex() if one.to else None,
                "value": hex(one.value),
            }
            if full
            else "0x" + one.hash.hex()
            for one in block.transactions
        ]
        return {
            "number": hex(block.number),
            "timestamp": hex(block.header.timestamp),
            "transactions": transactions,
        }

    def _eth_getTransactionReceipt(self, tx_hash: str) -> dict[str, Any]:
        receipt = self.tester.get_transaction_receipt(tx_hash)
        return {
            "transactionHash": tx_hash,
            "from": receipt["from"].lower(),
            "status": hex(receipt["status"]),
            "gasUsed": hex(receipt["gas_used"]),
            "effectiveGasPrice": hex(receipt["effective_gas_price"]),
            "blockNumber": hex(receipt["block_number"]),
        }

    @property
    def _head(self) -> int:
        return int(self.chain.get_block().number) - 1

    def _header(self, block: str) -> Any:
        number = self._head if block == "latest" else int(block, 16)
        if number > self._head:
            raise Refusal(-32000, "header not found")
        return self.chain.get_canonical_block_header_by_number(number)

    def _state(self, block: str) -> Any:
        return self.chain.get_vm(self._header(block)).state


_COPY = bytes.fromhex("80600b6000396000f3")


def _matches(log: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    address, topics = wanted.get("address"), wanted.get("topics", [])
    return (address is None or log["address"] == address.lower()) and all(
        topic is None or (i < len(log["topics"]) and log["topics"][i] == topic.lower())
        for i, topic in enumerate(topics)
    )


def _raw(text: str) -> bytes:
    return bytes.fromhex(text[2:])
