//! Messages in another language: made by a service of a person's own, for one device, and kept nowhere.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};

use homing_engine::api::{Call, Code, Settings, SettingsSet, Translate, Translation};
use homing_sim::{DeviceId, World};
use serde_json::{Value, json};

use crate::house::House;

/// A translation service that says the words it got in capital letters.
fn service() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().filter_map(Result::ok) {
            let (mut head, mut byte) = (Vec::new(), [0]);
            while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read == 1) {
                head.push(byte[0]);
            }
            let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
            let length = head.split("content-length: ").nth(1).unwrap().split("\r\n").next().unwrap();
            let mut body = vec![0; length.parse().unwrap()];
            stream.read_exact(&mut body).unwrap();
            let asked: Value = serde_json::from_slice(&body).unwrap();
            let said = json!({ "translatedText": asked["q"].as_str().unwrap().to_uppercase() }).to_string();
            let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{said}", said.len());
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    address
}

fn at(address: &str) -> Call {
    Call::SettingsSet(SettingsSet { translate_at: Some(address.to_owned()), ..SettingsSet::default() })
}

fn to(message: &str, to: Option<&str>) -> Call {
    Call::Translate(Translate { message: message.to_owned(), to: to.map(str::to_owned) })
}

fn code(world: &mut World, device: DeviceId, call: Call) -> Code {
    world.refusal(device, call).unwrap().code
}

#[test]
fn a_message_is_translated_near_by_without_a_relay_and_changes_nothing() {
    let mut house = House::new(72);
    let (laptop, desktop, ben, two) = (house.laptop, house.desktop, house.ben, house.two.clone());
    let world = &mut house.world;
    let sent = world.send(ben, &two, "guten tag").unwrap();
    world.settle().unwrap();
    assert_eq!(code(world, laptop, to(&sent, Some("en"))), Code::TranslationOff);
    for (elsewhere, refused) in [
        ("http://1.1.1.1:5000", Code::TranslationElsewhere),
        ("http://[2606:4700::1111]", Code::TranslationElsewhere),
        ("localhost:5000", Code::InvalidArgument),
    ] {
        assert_eq!(code(world, laptop, at(elsewhere)), refused, "{elsewhere}");
    }
    let near = format!("http://{}", service());
    let set: Settings = world.ask(laptop, at(&near)).unwrap();
    assert_eq!(set.translate_at, near);
    world.settle().unwrap();
    assert_eq!(code(world, desktop, to(&sent, Some("en"))), Code::TranslationOff, "each device has its own");

    world.set_online(laptop, false).unwrap();
    let before = world.messages(laptop, &two).unwrap();
    let told: Translation = world.ask(laptop, to(&sent, Some("en"))).unwrap();
    assert_eq!((told.text.as_str(), told.to.as_str(), told.from), ("GUTEN TAG", "en", None));
    assert_eq!(world.messages(laptop, &two).unwrap(), before, "the message is as it was");
    assert_eq!(world.status(laptop).unwrap().outbox, 0, "and nothing goes out");
    assert_eq!(code(world, laptop, to(&sent, None)), Code::InvalidArgument, "no language is set");
    let german = SettingsSet { translate_to: Some("de".into()), ..SettingsSet::default() };
    world.ask::<Settings>(laptop, Call::SettingsSet(german)).unwrap();
    assert_eq!(world.ask::<Translation>(laptop, to(&sent, None)).unwrap().to, "de");
    assert_eq!(code(world, laptop, to(&sent, Some("../en"))), Code::InvalidArgument);
    assert_eq!(code(world, laptop, to("nothing", Some("en"))), Code::NotFound);
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    world.ask::<Settings>(laptop, at(&format!("http://{gone}"))).unwrap();
    assert_eq!(code(world, laptop, to(&sent, Some("en"))), Code::TranslationFailed);
}
